import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openSqlite } from "../../../shared/adapters/sqlite/database";
import { DataFolderError } from "../../../shared/adapters/sqlite/data-folder-error";
import { useDataFolder } from "./data-folder";

const program = join(__dirname, "sender.cjs");

interface Sender {
  /** Ids whose send was acknowledged, growing. */
  readonly acknowledged: readonly string[];
  /** Resolves when that many were acknowledged. */
  reach(count: number): Promise<void>;
  /** SIGKILL; resolves when it is dead and all that it wrote was read. */
  kill(): Promise<void>;
}

const children: ChildProcess[] = [];

function startSender(folder: string): Sender {
  const child = spawn("node", [program, folder], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const acknowledged: string[] = [];
  const lines = createInterface({ input: child.stdout }).on("line", (line) => acknowledged.push(line));
  const over = once(lines, "close");
  const died = once(child, "exit");
  return {
    acknowledged,
    reach: async (count) => {
      const early = died.then(() => Promise.reject(new Error("the sender ended by itself")));
      while (acknowledged.length < count) await Promise.race([once(lines, "line"), early]);
    },
    kill: async () => {
      child.kill("SIGKILL");
      await Promise.all([died, over]);
    },
  };
}

describe("a process that is killed while it sends", () => {
  const folder = useDataFolder();
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  it("has lost nothing that it acknowledged, several times over", async () => {
    const acknowledged: string[] = [];
    for (let round = 1; round <= 3; round++) {
      const sender = startSender(folder());
      await sender.reach(300 * round);
      await sender.kill();
      acknowledged.push(...sender.acknowledged);
    }
    const store = openSqlite({ dataDirectory: folder(), now: Date.now });
    const kept = new Set<string>();
    for (;;) {
      const messages = await store.queue.receive(1000, 60_000);
      if (messages.length === 0) break;
      for (const { messageId } of messages) kept.add(messageId);
    }
    await store.close();
    expect(acknowledged.filter((messageId) => !kept.has(messageId))).toEqual([]);
  }, 60_000);

  it("holds its folder while it lives, and not a moment longer", async () => {
    const sender = startSender(folder());
    await sender.reach(1);
    const open = () => openSqlite({ dataDirectory: folder(), now: Date.now });
    expect(open).toThrow(DataFolderError);
    expect(open).toThrow(`The data folder ${folder()} is in use by another process.`);
    await sender.kill();
    await open().close();
  }, 60_000);
});
