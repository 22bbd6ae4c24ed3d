import { makeNote } from "../../contracts/documents";
import { makeMessage } from "../../contracts/event-queue";
import { expectAllToReject } from "../../contracts/subject";
import { useDataFolder } from "./data-folder";
import { openTestStore, type TestStore } from "./open-test-store";

/** `max_page_count` makes SQLite answer as a full disk does: SQLITE_FULL. */
describe("a full disk", () => {
  const folder = useDataFolder();
  let store: TestStore;
  beforeEach(() => {
    store = openTestStore({ dataDirectory: folder() });
  });
  afterEach(() => store.close());
  const fillDisk = () => store.pragma(`max_page_count = ${Number(store.pragma("page_count"))}`);
  const freeDisk = () => store.pragma("max_page_count = 1000000");
  const text = "x".repeat(100_000);
  const notes = () => store.documents.collection("registrations");

  it("is told by each port in its own words", async () => {
    fillDisk();
    await expectAllToReject([store.queue.send([makeMessage({ text })])], "queue_unavailable");
    await expectAllToReject([notes().create(makeNote("p", "a", { text }))], "store_unavailable");
    await expectAllToReject([store.payloads.put("key", Buffer.from(text), 60)], "store_unavailable");
    const secrets = Array.from({ length: 10 }, (_, n) => store.secrets.set(`webhook-${n}`, "x".repeat(20_000)));
    await expectAllToReject(secrets.slice(-1), "secrets_unavailable");
    await Promise.allSettled(secrets);
  });

  it("keeps the error of SQLite as the cause", async () => {
    fillDisk();
    const error: unknown = await notes()
      .create(makeNote("p", "a", { text }))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ cause: { code: "ERR_SQLITE_ERROR", errcode: 13 } });
  });

  it("fails what is too much for it, and nothing else of the same group", async () => {
    fillDisk();
    const tooLarge = [store.queue.send([makeMessage({ text })]), notes().create(makeNote("p", "a", { text }))];
    const small = store.queue.send([makeMessage()]);
    expect((await Promise.allSettled(tooLarge)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await small).toEqual([false]);
    expect(await store.queue.depth()).toMatchObject({ active: 1 });
  });

  it("leaves nothing behind: once there is room all works again, and no refused message is a duplicate", async () => {
    const message = makeMessage({ text });
    fillDisk();
    await expect(store.queue.send([message])).rejects.toMatchObject({ code: "queue_unavailable" });
    await expect(notes().create(makeNote("p", "a", { text }))).rejects.toMatchObject({ code: "store_unavailable" });
    freeDisk();
    expect(await store.queue.send([message])).toEqual([false]);
    await notes().create(makeNote("p", "a", { text }));
    expect(await store.queue.receive(10, 1000)).toMatchObject([{ messageId: message.messageId }]);
  });
});
