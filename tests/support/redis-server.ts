import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

/** A Redis of Debian's package, without any file, on a port of its own. */
export interface RedisServer {
  readonly url: string;
  /** Stops answering without a word, as a machine does that hangs. */
  pause(): void;
  resume(): void;
  /** Ends it at once; all that it held is gone. */
  stop(): Promise<void>;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
}

/** Runs `suite` where there is a `redis-server`, and says so in one line where there is none. */
export function describeWithRedis(name: string, suite: () => void): void {
  const isThere = spawnSync("redis-server", ["--version"]).status === 0;
  describe(name, () => {
    if (isThere) suite();
    else
      it("is skipped where there is no redis-server", () => {
        process.stdout.write(`${name}: skipped, there is no redis-server\n`);
      });
  });
}

/** Starts a Redis, on a free port unless one is named, and waits until it takes connections. */
export async function startRedis(named?: number): Promise<RedisServer> {
  const port = named ?? (await freePort());
  let child = await launch(port);
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    stop,
    start: async () => {
      await stop();
      child = await launch(port);
    },
  };
}

async function launch(port: number): Promise<ChildProcess> {
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const child = spawn("redis-server", options, { stdio: ["ignore", "pipe", "ignore"] });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes("Ready to accept connections")) break;
  }
  child.stdout.resume();
  return child;
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
