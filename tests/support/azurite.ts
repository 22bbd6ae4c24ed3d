import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { projectRoot } from "./gateway";

const program = join(projectRoot, "node_modules", "azurite", "dist", "src", "blob", "main.js");
const ACCOUNT = "castiel";

/** The blob service of Azurite in a process of its own, in memory: what is stored goes with it. */
export class Azurite {
  readonly #key = randomBytes(64).toString("base64");
  #process: ChildProcess | undefined;
  #port = "0";

  /** Starts it on a free port, without containers. */
  static async start(): Promise<Azurite> {
    const azurite = new Azurite();
    await azurite.start();
    return azurite;
  }

  get connectionString(): string {
    const endpoint = `http://127.0.0.1:${this.#port}/${ACCOUNT}`;
    return `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${this.#key};BlobEndpoint=${endpoint};`;
  }

  /** Starts it again after `stop`: empty, but on the same port and with the same account. */
  async start(): Promise<void> {
    // The SDK speaks newer versions of the API than the emulator knows by name.
    const options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"];
    const child = spawn(process.execPath, [program, ...options, "--blobPort", this.#port], {
      cwd: tmpdir(),
      env: { AZURITE_ACCOUNTS: `${ACCOUNT}:${this.#key}` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process = child;
    this.#port = await portOf(child.stdout);
  }

  /** Keeps its connections open, and answers nothing until `resume`. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Ends it; connections are refused from then on. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    this.#process = undefined;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

/** Reads the port from the line that says where it listens. */
async function portOf(output: Readable): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const [, port] = / listens on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line) ?? [];
    if (port === undefined) continue;
    output.resume();
    return port;
  }
  throw new Error("Azurite ended before it listened");
}
