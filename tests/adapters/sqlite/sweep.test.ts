import { DatabaseSync } from "node:sqlite";
import { SqliteDocuments } from "../../../shared/adapters/sqlite/documents";
import { SqliteEventQueue } from "../../../shared/adapters/sqlite/event-queue";
import { GroupCommit } from "../../../shared/adapters/sqlite/group-commit";
import { migrate } from "../../../shared/adapters/sqlite/migrate";
import { SqlitePayloadStore } from "../../../shared/adapters/sqlite/payload-store";
import { migrations } from "../../../shared/adapters/sqlite/schema";
import { makeNote } from "../../contracts/documents";
import { makeMessage } from "../../contracts/event-queue";

/** More than one transaction of a sweep deletes. */
const MANY = 1200;
const WINDOW_MS = 60_000;

describe("rows that come of age", () => {
  let time = 0;
  const now = () => time;
  let database: DatabaseSync;
  let commits: GroupCommit;
  beforeEach(() => {
    time = 1_000_000;
    database = new DatabaseSync(":memory:");
    migrate(database, undefined, migrations);
    commits = new GroupCommit(database);
  });
  afterEach(() => database.close());
  const count = (table: string) => database.prepare(`select count(*) as n from ${table}`).get()?.["n"];

  it("are swept from the documents, the others kept", async () => {
    const documents = new SqliteDocuments(database, commits, now);
    const deliveries = documents.collection("deliveries");
    const expiring = Array.from({ length: MANY }, (_, n) => deliveries.create(makeNote("p", `n${n}`, { ttl: 10 })));
    await Promise.all([...expiring, deliveries.create(makeNote("p", "later", { ttl: 20 }))]);
    await deliveries.create(makeNote("p", "never"));
    await documents.sweep();
    expect(count("documents")).toBe(MANY + 2);
    time += 10_000;
    await documents.sweep();
    expect(count("documents")).toBe(2);
  });

  it("are swept from the payloads, the others kept", async () => {
    const payloads = new SqlitePayloadStore(database, commits, now);
    await Promise.all(Array.from({ length: 50 }, (_, n) => payloads.put(`k${n}`, Buffer.from("x"), 10)));
    await payloads.put("later", Buffer.from("x"), 20);
    time += 10_000;
    await payloads.sweep();
    expect(count("payloads")).toBe(1);
  });

  it("are swept from the queue once their window is over; what waits and dead letters stay", async () => {
    const queue = new SqliteEventQueue(database, commits, now, { duplicateWindowMs: WINDOW_MS, maxDeliveryCount: 1 });
    await queue.send(Array.from({ length: MANY + 1 }, () => makeMessage()));
    const [dead, ...done] = await queue.receive(MANY + 1, 1000);
    await queue.abandon(dead?.lockToken ?? "", "broken");
    await Promise.all(done.map(({ lockToken }) => queue.complete(lockToken)));
    await queue.send([makeMessage()]);
    await queue.forget("one without effect");
    await queue.sweep();
    expect(count("messages")).toBe(MANY + 3);
    time += WINDOW_MS;
    await queue.sweep();
    expect(count("messages")).toBe(2);
    expect(await queue.depth()).toMatchObject({ active: 1, scheduled: 0, deadLettered: 1 });
  });

  it("leave no body behind when a message is completed", async () => {
    const queue = new SqliteEventQueue(database, commits, now, { duplicateWindowMs: WINDOW_MS, maxDeliveryCount: 1 });
    await queue.send([makeMessage({ name: "Ada" })]);
    const [message] = await queue.receive(1, 1000);
    await queue.complete(message?.lockToken ?? "");
    expect(database.prepare("select body from messages").all()).toEqual([{ body: null }]);
  });
});
