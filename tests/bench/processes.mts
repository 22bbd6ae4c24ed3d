/** The processes of the benchmark: servers on one core, the load generator on the other, where the machine has `taskset`. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { makeGoogleToken, type RequestPlan } from "./requests.mts";

const here = import.meta.dirname;
const main = join(here, "..", "..", "dist", "infra", "local", "main.js");
const imported: Readonly<Record<string, string>> = {
  slack: "8f742231b10e8888abcd99yyyzzz85a5",
  notion: "secret_bench0123456789",
};
const EMAIL = "push@bench.iam.gserviceaccount.com";
const pinned = process.platform === "linux" && availableParallelism() > 1 && spawnSync("taskset", ["-V"]).status === 0;
const children: ChildProcess[] = [];

/** A folder that goes with the run. */
export const scratch = mkdtempSync(join(tmpdir(), "castiel-bench-"));

/** Starts a script on one of the two cores. */
export function start(core: 0 | 1, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const [command, ...rest] = pinned ? ["taskset", "-c", String(core), "node", ...args] : ["node", ...args];
  const child = spawn(command ?? "node", rest, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...env },
    cwd: here,
  });
  children.push(child);
  return child;
}

/** The first line of a child's output that says where it listens. */
export function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error("a server did not start")));
    createInterface({ input: child.stdout ?? process.stdin }).on("line", (line) => {
      const { port, url } = JSON.parse(line) as { port?: number; url?: string };
      const found = port ?? (url === undefined ? undefined : Number(new URL(url).port));
      if (found !== undefined) resolve(found);
    });
  });
}

/** Starts a server of `servers.mts`; answers its port. */
export async function startServer(kind: string, secret = "secret"): Promise<number> {
  return listening(start(0, [join(here, "servers.mts"), kind, secret]));
}

/** Starts a stand-in for an account, which takes so long for each answer, beside the load generator; answers its port. */
export async function startAccount(latencyMs: number): Promise<number> {
  return listening(start(1, [join(here, "servers.mts"), "salesforce", String(latencyMs)]));
}

/** A gateway under test. */
export interface Gateway {
  readonly port: number;
  readonly child: ChildProcess;
}

/** Starts the compiled gateway on the server's core; without `drain` its queue only fills. */
export async function startGateway(
  dataDirectory: string,
  options: { drain: boolean; env?: Record<string, string> },
): Promise<Gateway> {
  const child = start(0, ["--max-semi-space-size=8", main], {
    CASTIEL_MODE: "embedded",
    PORT: "0",
    LOG_FORMAT: "json",
    DATA_DIRECTORY: dataDirectory,
    GOOGLE_CERTIFICATES_URL: certificatesUrl,
    RATE_LIMIT_REGISTRATION: "1000000",
    RATE_LIMIT_TENANT: "1000000",
    "AzureWebJobs.drain-sync-queue.Disabled": String(!options.drain),
    ...options.env,
  });
  return { port: await listening(child), child };
}

/** Starts the stand-ins for Azure on the load generator's core, and the gateway in Azure mode on the server's. */
export async function startAzureGateway(): Promise<Gateway> {
  const standIns = start(1, [join(here, "stand-ins.cjs")]);
  const line = await new Promise<string>((resolve) => {
    createInterface({ input: standIns.stdout ?? process.stdin }).once("line", resolve);
  });
  const { settings } = JSON.parse(line) as { settings: Record<string, string> };
  const hash = createHash("sha256").update("test-token").digest("hex");
  const child = start(0, ["--max-semi-space-size=8", join(here, "..", "support", "azure-gateway.cjs")], {
    ...settings,
    PORT: "0",
    PUBLIC_BASE_URL: "http://localhost",
    API_TOKENS: JSON.stringify([{ hash, tenantId: "tenant-123", scopes: ["webhooks.read", "webhooks.write"] }]),
    GOOGLE_CERTIFICATES_URL: certificatesUrl,
    RATE_LIMIT_REGISTRATION: "1000000",
    RATE_LIMIT_TENANT: "1000000",
    "AzureWebJobs.drain-sync-queue.Disabled": "true",
  });
  return { port: await listening(child), child };
}

/** Ends a process in good order. */
export function stop(child: ChildProcess): Promise<unknown> {
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  return exited;
}

const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
const certificates = createServer((_, response) => {
  const pem = keys.publicKey.export({ type: "spki", format: "pem" });
  response.writeHead(200, { "content-type": "application/json", "cache-control": "max-age=36000" });
  response.end(JSON.stringify({ bench: pem }));
});
await new Promise<void>((resolve) => certificates.listen(0, "127.0.0.1", resolve));
const certificatesAddress = certificates.address();
const certificatesPort = typeof certificatesAddress === "object" ? certificatesAddress?.port : 0;
const certificatesUrl = `http://127.0.0.1:${certificatesPort}/certs`;

/** Registers a webhook; answers what its deliveries need. */
export async function register(
  port: number,
  provider: string,
): Promise<Pick<RequestPlan, "provider" | "path" | "secret" | "token">> {
  const reply = await fetch(`http://localhost:${port}/integrations/${provider}/webhooks`, {
    method: "POST",
    headers: { authorization: "Bearer test-token" },
    body: JSON.stringify({
      connectionId: "bench",
      events: ["*"],
      ...(imported[provider] ? { webhookSecret: imported[provider] } : {}),
      ...(provider === "google" ? { verification: { serviceAccountEmail: EMAIL } } : {}),
    }),
  });
  const webhook = (await reply.json()) as { registrationId: string; webhookUrl: string; webhookSecret?: string };
  const privateKey = keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return {
    provider,
    path: `/webhooks/${webhook.registrationId}`,
    secret: webhook.webhookSecret ?? imported[provider] ?? "",
    token: makeGoogleToken(privateKey, webhook.webhookUrl, EMAIL),
  };
}

/** Ends whatever still runs and removes what it wrote. */
export function cleanUp(): void {
  for (const child of children) child.kill("SIGKILL");
  certificates.close();
  rmSync(scratch, { recursive: true, force: true });
}
