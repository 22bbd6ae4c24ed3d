import { DatabaseSync } from "node:sqlite";
import { GroupCommit } from "../../../shared/adapters/sqlite/group-commit";
import { WebhookError } from "../../../shared/core/errors";
import { makeMessage } from "../../contracts/event-queue";
import { makeRegistration } from "../../support/make";
import { countCommits, fileIn, useDataFolder } from "./data-folder";
import { openTestStore } from "./open-test-store";

describe("group commit, in a database of its own", () => {
  let database: DatabaseSync;
  let commits: GroupCommit;
  beforeEach(() => {
    database = new DatabaseSync(":memory:");
    database.exec("create table numbers (n integer unique)");
    commits = new GroupCommit(database);
  });
  afterEach(() => {
    if (database.isOpen) database.close();
  });
  const add = (n: number) => () => database.prepare("insert into numbers values (?)").run(n).changes;
  const numbers = () =>
    database
      .prepare("select n from numbers order by n")
      .all()
      .map(({ n }) => n);
  const statusOf = async (attempts: readonly Promise<unknown>[]) =>
    (await Promise.allSettled(attempts)).map(({ status }) => status);

  it("answers each waiter with the result of its own work", async () => {
    expect(await Promise.all([commits.run(() => "a"), commits.run(add(1)), commits.run(() => undefined)])).toEqual([
      "a",
      1,
      undefined,
    ]);
  });

  it("does the work of a group in the order in which it came, and none of it at once", async () => {
    const order: number[] = [];
    const all = Promise.all([1, 2, 3].map((n) => commits.run(() => order.push(n))));
    expect(order).toEqual([]);
    await all;
    expect(order).toEqual([1, 2, 3]);
  });

  it("tells a refusal to its own waiter alone, and commits the rest in one go", async () => {
    let runs = 0;
    const refused = commits.run(() => {
      runs++;
      throw new WebhookError("document_exists");
    });
    const statuses = await statusOf([commits.run(add(1)), refused, commits.run(add(2))]);
    expect(statuses).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await expect(refused).rejects.toMatchObject({ code: "document_exists" });
    expect([numbers(), runs]).toEqual([[1, 2], 1]);
  });

  it("tries each alone when one spoils the group, so that only that one fails", async () => {
    await commits.run(add(2));
    const statuses = await statusOf([1, 2, 3].map((n) => commits.run(add(n))));
    expect(statuses).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(numbers()).toEqual([1, 2, 3]);
  });

  it("takes back what was noted in memory before the work runs again", async () => {
    const noted: number[] = [];
    const note = (n: number) => {
      const work = () => {
        add(n)();
        noted.push(n);
      };
      return commits.run(work, () => noted.splice(noted.indexOf(n) >>> 0, 1));
    };
    await commits.run(add(2));
    await Promise.allSettled([note(1), note(2), note(3)]);
    expect(noted).toEqual([1, 3]);
  });

  it("survives that SQLite rolls back by itself, as it does when the disk fails", async () => {
    const fail = () => {
      database.exec("rollback");
      throw new Error("disk I/O error");
    };
    const statuses = await statusOf([commits.run(add(1)), commits.run(fail), commits.run(add(2))]);
    expect(statuses).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(numbers()).toEqual([1, 2]);
  });

  it("survives a transaction that somebody left open", async () => {
    database.exec("begin");
    await Promise.allSettled([commits.run(add(1))]);
    await commits.run(add(2));
    expect(numbers()).toContain(2);
    expect(database.isTransaction).toBe(false);
  });

  it("answers every waiter even when nothing works any more, the rollback included", async () => {
    const attempts = [commits.run(add(1)), commits.run(() => database.close()), commits.run(add(2))];
    expect(await statusOf(attempts)).toEqual(["rejected", "rejected", "rejected"]);
  });

  it("answers more waiters than one group holds", async () => {
    const attempts = Array.from({ length: 1300 }, (_, n) => commits.run(add(n)));
    expect(await Promise.all(attempts)).toEqual(attempts.map(() => 1));
    expect(numbers()).toHaveLength(1300);
  });

  it("commits what waits when it is closed, and takes no more", async () => {
    const waiting = commits.run(add(1));
    const closed = commits.close();
    await expect(commits.run(add(2))).rejects.toMatchObject({ code: "store_unavailable" });
    await Promise.all([waiting, closed]);
    expect(numbers()).toEqual([1]);
  });
});

describe("group commit, on disk", () => {
  const folder = useDataFolder();

  it("writes all that came in one turn, of whatever kind, in one transaction", async () => {
    const store = openTestStore({ dataDirectory: folder() });
    const registrations = store.documents.collection("registrations");
    const before = countCommits(folder());
    await Promise.all([
      ...Array.from({ length: 32 }, () => store.queue.send([makeMessage()])),
      registrations.create(makeRegistration()),
      store.secrets.set("webhook-1", "secret"),
      store.payloads.put("key", Buffer.from("x"), 60),
    ]);
    expect(countCommits(folder()) - before).toBe(1);
    await store.queue.send([makeMessage()]);
    await store.queue.send([makeMessage()]);
    expect(countCommits(folder()) - before).toBe(3);
    await store.close();
  });

  it("answers only when another connection can read what was written", async () => {
    const store = openTestStore({ dataDirectory: folder() });
    const reader = new DatabaseSync(fileIn(folder()), { readOnly: true });
    const count = () => reader.prepare("select count(*) as n from messages").get();
    const sending = store.queue.send([makeMessage()]);
    expect(count()).toEqual({ n: 0 });
    await sending;
    expect(count()).toEqual({ n: 1 });
    reader.close();
    await store.close();
  });
});
