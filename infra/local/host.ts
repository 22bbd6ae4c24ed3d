import { type App, startApp } from "../../shared/app";
import { type Config, readConfig } from "../../shared/config";
import type { LockingQueue, Log } from "../../shared/core/ports";
import { isLoopback } from "../../shared/core/remote-address";
import { type FunctionHost, startFunctionHost } from "./function-host";
import { createLog, type LogTarget } from "./log";
import { StartError } from "./start-error";
import { supplyCoreApi } from "./supply-core-api";

/** What the host runs, and where it may look and write. */
export interface HostOptions {
  /** The folder with package.json, host.json and `dist/`. */
  readonly appRoot: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logTarget?: LogTarget;
}

/** A host that serves. */
export interface RunningHost {
  readonly port: number;
  readonly url: string;
  readonly app: App;
  /** Accepts nothing more, finishes what is in flight (at most ten seconds), closes the store. */
  stop(): Promise<void>;
}

const MAX_BUFFERED_BYTES = 256 * 1024 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Starts the product in this process: the embedded app, its compiled functions, HTTP, queue and timers. Writes one line,
 * `host.listening`, once requests are taken.
 * @throws {ConfigError} @throws {DataFolderError} @throws {StartError} the port is taken, for one
 */
export async function startHost({ appRoot, env, logTarget }: HostOptions): Promise<RunningHost> {
  const config = readConfig(env);
  if (config.backEnds.kind !== "embedded") {
    throw new StartError("The local host runs CASTIEL_MODE=embedded; in Azure mode the Functions host runs the app.");
  }
  const { dataDirectory } = config.backEnds;
  refuseOpenDoor(config);
  supplyCoreApi();
  const log = createLog(config, logTarget);
  const app = await startApp({ env, log });
  try {
    if (app.lockingQueue === undefined) throw new StartError("There is no embedded queue to drain.");
    const host = await startFunctionHost(toHostOptions(app, app.lockingQueue, { appRoot, env, log }));
    const url = addressOf(config.listenHost, host.port);
    // Whoever started us waits for this line, whatever the level of the log.
    const announce = createLog({ ...config, logLevel: "info" }, logTarget);
    const { port, functionCount } = host;
    announce("info", "host.listening", { url, port, functions: functionCount, dataDirectory });
    return { port, url, app, stop: () => stopHost(host, app, log) };
  } catch (error) {
    await app.close();
    throw error;
  }
}

interface Surroundings {
  readonly appRoot: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
}

function toHostOptions(app: App, queue: LockingQueue, { appRoot, env, log }: Surroundings) {
  const { port, listenHost, appSettings, maxBodyBytes } = app.config;
  return {
    appRoot,
    port,
    listenHost,
    queue,
    appSettings,
    isDisabled: (name: string) => env[`AzureWebJobs.${name}.Disabled`]?.toLowerCase() === "true",
    limits: {
      maxBodyBytes,
      maxBufferedBytes: MAX_BUFFERED_BYTES,
      headersTimeoutMs: HEADERS_TIMEOUT_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    },
    log,
    onListening: (actualPort: number) => app.setPublicBaseUrl(addressOf(listenHost, actualPort)),
  };
}

async function stopHost(host: FunctionHost, app: App, log: Log): Promise<void> {
  await host.stop();
  await app.close();
  log("info", "host.stopped");
}

/** The default token is for this machine alone. */
function refuseOpenDoor({ usesDefaultToken, listenHost }: Config): void {
  if (!usesDefaultToken || isLocal(listenHost)) return;
  throw new StartError(
    `Set API_TOKENS or OIDC_ISSUER before listening on ${listenHost}: the default token is for loopback addresses only.`,
  );
}

function isLocal(listenHost: string): boolean {
  return listenHost === "localhost" || isLoopback(listenHost);
}

function addressOf(listenHost: string, port: number): string {
  const name = isLocal(listenHost) ? "localhost" : listenHost;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
