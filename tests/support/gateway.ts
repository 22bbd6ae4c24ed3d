import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A gateway in a process of its own, as `npm start` runs it, on a port and a data folder of its own. */
export interface Gateway {
  readonly url: string;
  readonly dataDirectory: string;
  readonly process: ChildProcess;
  /** Lines that it logged so far. */
  readonly lines: readonly string[];
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves once it is dead. */
  kill(): Promise<void>;
}

export const projectRoot = join(__dirname, "..", "..");
const main = join(projectRoot, "dist", "infra", "local", "main.js");
const azureMain = join(__dirname, "azure-gateway.cjs");

/** A new empty folder for a gateway's data. */
export function newDataDirectory(): string {
  return mkdtempSync(join(tmpdir(), "castiel-"));
}

/** Starts the compiled gateway on the embedded store and waits until it listens. */
export async function startGateway(env: Readonly<Record<string, string>> = {}): Promise<Gateway> {
  const dataDirectory = env["DATA_DIRECTORY"] ?? newDataDirectory();
  return { ...(await startProcess(main, { ...env, DATA_DIRECTORY: dataDirectory })), dataDirectory };
}

/** Starts the compiled gateway in Azure mode; `env` says where its back ends are. */
export function startAzureGateway(env: Readonly<Record<string, string>>): Promise<Omit<Gateway, "dataDirectory">> {
  return startProcess(azureMain, env);
}

async function startProcess(
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<Omit<Gateway, "dataDirectory">> {
  const child = spawn("node", [script], {
    env: { PATH: process.env["PATH"], PORT: "0", LOG_FORMAT: "json", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const url = await Promise.race([
    new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        lines.push(line);
        const { event, url: listening } = JSON.parse(line) as { event: string; url?: string };
        if (event === "host.listening" && listening !== undefined) resolve(listening);
      });
      createInterface({ input: child.stderr }).on("line", (line) => lines.push(line));
    }),
    exited.then((code) => Promise.reject(new Error(`the gateway exited with ${String(code)}: ${lines.join("\n")}`))),
  ]);
  return {
    url,
    process: child,
    lines,
    stop: () => {
      child.kill("SIGTERM");
      return exited;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Asks until the answer satisfies, at most ten seconds long. */
export async function eventually<T>(ask: () => Promise<T>, satisfies: (answer: T) => boolean): Promise<T> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await ask();
    if (satisfies(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it did not come about within ten seconds");
}
