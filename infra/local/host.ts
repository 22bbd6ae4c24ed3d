import { globSync } from "node:fs";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type App, startApp } from "../../shared/app";
import { type Config, readConfig } from "../../shared/config";
import { isLoopback } from "../../shared/core/remote-address";
import { collectRegistrations, type RegisteredFunction, type Registrations } from "./core-api";
import { readHostJson, readMain } from "./host-json";
import { createHttpServer } from "./http-server";
import { runAppHooks } from "./invoke";
import { createLog, type LogTarget } from "./log";
import { QueuePump } from "./queue-pump";
import { createRouteTable, triggerOf } from "./route-table";
import { startTimers } from "./timers";

/** What the host runs, and where it may look and write. */
export interface HostOptions {
  /** The folder with package.json and host.json. */
  readonly appRoot: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logTarget?: LogTarget;
}

/** A host that serves. */
export interface RunningHost {
  readonly url: string;
  readonly app: App;
  /** Accepts nothing more, finishes what is in flight (at most ten seconds), closes the store. */
  stop(): Promise<void>;
}

const DRAIN_MS = 10_000;

/**
 * Starts the app: loads its functions, listens, drains the queue, runs the timers.
 * @throws {ConfigError} @throws {DataFolderError} @throws {Error} with a message of one line: the port is taken, for one
 */
export async function startHost({ appRoot, env, logTarget }: HostOptions): Promise<RunningHost> {
  const config = readConfig(env);
  refuseOpenDoor(config);
  const log = createLog(config, logTarget);
  const app = await startApp({ env, log });
  try {
    const hostJson = readHostJson(appRoot);
    const registrations = loadFunctions(appRoot);
    const functions = registrations.functions.filter(({ name }) => env[`AzureWebJobs.${name}.Disabled`] !== "true");
    const resolve = (text: string): string =>
      text.replace(/%(\w+)%/g, (_, name: string) => config.appSettings[name] ?? "");
    await runAppHooks(registrations.hooks.appStart, appRoot);
    const routes = createRouteTable(functions, hostJson.routePrefix);
    const server = createHttpServer({ registrations, routes, maxBodyBytes: config.maxBodyBytes, log });
    const url = await listen(server, config);
    app.setPublicBaseUrl(url);
    const pumps = startPumps(app, { registrations, functions, maxConcurrentCalls: hostJson.maxConcurrentCalls });
    const stopTimers = startTimers({ registrations, functions, resolve, log });
    log("info", "host.listening", { url, functions: functions.length, dataDirectory: config.dataDirectory });
    const stop = async (): Promise<void> => {
      await closeServer(server);
      await Promise.all([stopTimers(), ...pumps.map((pump) => pump.stop())]);
      await runAppHooks(registrations.hooks.appTerminate, appRoot);
      await app.close();
      log("info", "host.stopped");
    };
    return { url, app, stop };
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** The default token is for this machine alone. */
function refuseOpenDoor({ usesDefaultToken, listenHost }: Config): void {
  if (!usesDefaultToken || listenHost === "localhost" || isLoopback(listenHost)) return;
  throw new Error(
    `Set API_TOKENS or OIDC_ISSUER before listening on ${listenHost}: the default token is for loopback addresses only.`,
  );
}

function loadFunctions(appRoot: string): Registrations {
  const files = globSync(readMain(appRoot), { cwd: appRoot }).sort();
  if (files.length === 0) throw new Error(`No function files match "main" of package.json in ${appRoot}.`);
  const load = createRequire(join(appRoot, "package.json"));
  return collectRegistrations(() => files.forEach((file) => void load(join(appRoot, file))));
}

function listen(server: Server, { port, listenHost }: Config): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(taken ? new Error(`Port ${port} is taken: set PORT to another one.`, { cause: error }) : error);
    });
    server.listen(port, listenHost, () => {
      // A TCP server's address is an object, a pipe's a text.
      const address = server.address() as AddressInfo;
      const host = isLoopback(address.address) ? "localhost" : address.address;
      resolve(`http://${host.includes(":") ? `[${host}]` : host}:${address.port}`);
    });
  });
}

interface PumpPlan {
  readonly registrations: Registrations;
  readonly functions: readonly RegisteredFunction[];
  readonly maxConcurrentCalls: number;
}

function startPumps(app: App, { registrations, functions, maxConcurrentCalls }: PumpPlan): QueuePump[] {
  const { log } = app.services;
  const { queue } = app.embedded;
  return functions
    .filter((definition) => triggerOf(definition, "serviceBusTrigger") !== undefined)
    .map((definition) => new QueuePump({ registrations, definition, queue, maxConcurrentCalls, log }));
}

function closeServer(server: Server): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const impatience = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  server.close(() => {
    clearTimeout(impatience);
    resolve(undefined);
  });
  return promise;
}
