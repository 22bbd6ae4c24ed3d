import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DataFolderError } from "../../../shared/adapters/sqlite/data-folder-error";
import { migrations } from "../../../shared/adapters/sqlite/schema";
import { makeNote } from "../../contracts/documents";
import { makeMessage } from "../../contracts/event-queue";
import { fileIn, useDataFolder } from "./data-folder";
import { openTestStore } from "./open-test-store";

const onPosix = process.platform === "win32" ? it.skip : it;

/** The one-line message with which a folder is refused. */
function refusalOf(folder: string): string {
  try {
    void openTestStore({ dataDirectory: folder }).close();
  } catch (error) {
    if (error instanceof DataFolderError) return error.message;
    throw error;
  }
  throw new Error("the folder was not refused");
}

/** Changes the store's file as some other program would. */
function alter(folder: string, sql: string): void {
  const file = new DatabaseSync(fileIn(folder));
  file.exec(sql);
  file.close();
}

describe("a data folder", () => {
  const folder = useDataFolder();
  const start = (dataDirectory = folder()) => openTestStore({ dataDirectory });

  it("keeps all that was written for the next start", async () => {
    const before = start();
    const note = await before.documents.collection("registrations").create(makeNote("p", "a"));
    await before.payloads.put("key", Buffer.from("bytes"), 60);
    await before.queue.send([makeMessage({ n: 1 })]);
    await before.close();
    const after = start();
    expect(await after.documents.collection("registrations").get("p", "a")).toEqual(note);
    expect(await after.payloads.get("key")).toEqual(Buffer.from("bytes"));
    expect(await after.queue.receive(1, 1000)).toMatchObject([{ body: '{"n":1}' }]);
    await after.close();
  });

  it("is written with a sync at each commit, into a write-ahead log", async () => {
    const store = start();
    expect([store.pragma("synchronous"), store.pragma("journal_mode")]).toEqual([2, "wal"]);
    await store.close();
  });

  onPosix("is made where there is none, for its owner alone, and so is every file in it", async () => {
    const path = join(folder(), "some", "where");
    const store = start(path);
    await store.secrets.set("webhook-1", "secret");
    const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);
    expect(modeOf(path)).toBe("700");
    const files = readdirSync(path);
    expect(files).toEqual(expect.arrayContaining(["castiel.sqlite", "castiel.sqlite-wal", "secret.key"]));
    expect(files.map((file) => modeOf(join(path, file)))).toEqual(files.map(() => "600"));
    await store.close();
  });

  it("can be closed twice", async () => {
    const store = start();
    await store.close();
    await expect(store.close()).resolves.toBeUndefined();
  });

  it("has what was still waiting when the store was closed", async () => {
    const before = start();
    const sending = before.queue.send([makeMessage()]);
    await before.close();
    expect(await sending).toEqual([false]);
    const after = start();
    expect(await after.queue.depth()).toMatchObject({ active: 1 });
    await after.close();
  });
});

describe("a data folder that cannot be used", () => {
  const folder = useDataFolder();

  it("is refused in one line when it is open already, and the first store goes on", async () => {
    const first = openTestStore({ dataDirectory: folder() });
    expect(refusalOf(folder())).toBe(`The data folder ${folder()} is in use by another process.`);
    expect(await first.queue.send([makeMessage()])).toEqual([false]);
    await first.close();
    await openTestStore({ dataDirectory: folder() }).close();
  });

  it("is refused in one line when a file stands in its place", () => {
    writeFileSync(join(folder(), "file"), "");
    expect(refusalOf(join(folder(), "file"))).toMatch(/^The data folder .* cannot be made: .+\.$/);
    expect(refusalOf(join(folder(), "file", "below"))).toMatch(/^The data folder .* cannot be made: .+\.$/);
  });

  onPosix("is refused in one line when it may not be written", () => {
    const path = join(folder(), "data");
    mkdirSync(path);
    chmodSync(path, 0o555);
    chmodSync(folder(), 0o755);
    // Root may write everywhere, so it becomes nobody for a moment.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.("nobody");
    try {
      expect(refusalOf(path)).toMatch(/^The data folder .* cannot be (read or )?written: .+\.$/);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it("is refused in one line when its file is no database", () => {
    writeFileSync(fileIn(folder()), "not a database, but long enough to be read as the header of one".repeat(40));
    expect(refusalOf(folder())).toMatch(/^The store .* cannot be used: file is not a database\.$/);
  });

  it("is refused in one line when a newer version wrote it, and left as it is", async () => {
    await openTestStore({ dataDirectory: folder() }).close();
    alter(folder(), `pragma user_version = ${migrations.length + 1}`);
    const bytes = readFileSync(fileIn(folder()));
    expect(refusalOf(folder())).toMatch(
      /^The store .* was written by a newer version \(schema \d+, this one knows \d+\)\.$/,
    );
    expect(readFileSync(fileIn(folder())).equals(bytes)).toBe(true);
    alter(folder(), `pragma user_version = ${migrations.length}`);
    await openTestStore({ dataDirectory: folder() }).close();
  });
});

describe("the key of a data folder's secrets", () => {
  const folder = useDataFolder();
  const key = () => join(folder(), "secret.key");
  beforeEach(async () => {
    const store = openTestStore({ dataDirectory: folder() });
    await store.secrets.set("webhook-1", "secret");
    await store.close();
  });

  it("is 32 bytes long, and stays the same", async () => {
    const bytes = readFileSync(key());
    expect(bytes).toHaveLength(32);
    await openTestStore({ dataDirectory: folder() }).close();
    expect(readFileSync(key()).equals(bytes)).toBe(true);
  });

  it("is missed in one line, and not made anew", () => {
    rmSync(key());
    expect(refusalOf(folder())).toMatch(
      /^.*secret\.key is missing, and the secrets of this store are sealed with it\.$/,
    );
    expect(readdirSync(folder())).not.toContain("secret.key");
  });

  it("is refused in one line when it is another one", () => {
    writeFileSync(key(), Buffer.alloc(32, 7));
    expect(refusalOf(folder())).toMatch(/^.*secret\.key is not the key that sealed the secrets of this store\.$/);
  });

  it("is refused in one line when it was cut short", () => {
    writeFileSync(key(), Buffer.alloc(31));
    expect(refusalOf(folder())).toMatch(/^.*secret\.key does not hold a key of 32 bytes\.$/);
  });
});

describe("stores in memory", () => {
  it("know nothing of each other", async () => {
    const [one, other] = [openTestStore(), openTestStore()];
    await one.queue.send([makeMessage()]);
    expect(await other.queue.depth()).toMatchObject({ active: 0 });
    await Promise.all([one.close(), other.close()]);
  });
});
