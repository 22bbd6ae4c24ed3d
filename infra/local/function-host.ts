import { setTimeout as delay } from "node:timers/promises";
import type { LockingQueue, Log } from "../../shared/core/ports";
import { type FunctionApp, loadFunctionApp, runAppHooks } from "./function-app";
import { type HttpLimits, HttpServer } from "./http-server";
import { type InvocableFunction, Invoker, toInvocable } from "./invoke";
import { type RouteOptions, RouteTable } from "./route-table";
import { createServiceBusPump } from "./service-bus-trigger";
import { StartError, stackOf } from "./start-error";
import { FunctionTimer } from "./timers";

/** What a function app runs on. */
export interface FunctionHostOptions {
  /** Folder with the app's package.json and host.json. */
  readonly appRoot: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly listenHost: string;
  /** Drained by the app's Service Bus triggers. */
  readonly queue: LockingQueue;
  /** What `%NAME%` in a trigger stands for. */
  readonly appSettings: Readonly<Record<string, string>>;
  readonly limits: HttpLimits;
  readonly log: Log;
  /** True for a function that the settings switch off (`AzureWebJobs.<name>.Disabled`). */
  readonly isDisabled: (functionName: string) => boolean;
  /** Called once the port is known, before the first timer or message runs. */
  readonly onListening?: (port: number) => void;
}

/** A running function app. */
export interface FunctionHost {
  readonly port: number;
  readonly functionCount: number;
  /** Stops taking work and waits for what is running, ten seconds at most. */
  stop(): Promise<void>;
}

const STOP_MS = 10_000;

/**
 * Loads a compiled function app and runs its HTTP, Service Bus queue and timer triggers. One app a process.
 * @throws {StartError}
 */
export async function startFunctionHost(options: FunctionHostOptions): Promise<FunctionHost> {
  const { queue, appSettings, log } = options;
  const app = await loadFunctionApp(options.appRoot);
  const invoker = new Invoker(app, log);
  const functions = app.functions.filter(({ name }) => !options.isDisabled(name)).map(toInvocable);
  const triggered = (type: string): InvocableFunction[] =>
    functions.filter(({ trigger }) => trigger.type.toLowerCase() === type.toLowerCase());
  checkTriggers(functions);
  const router = new RouteTable(triggered("httpTrigger").map((target) => toRoute(target, app)));
  const surroundings = { queue, invoker, hostJson: app.hostJson, appSettings, log };
  const workers = [
    ...triggered("serviceBusTrigger").map((target) => createServiceBusPump(target, surroundings)),
    ...triggered("timerTrigger").map((target) => new FunctionTimer(target, surroundings)),
  ];
  const server = new HttpServer({ router, invoker, limits: options.limits, log });
  const port = await server.listen(options.port, options.listenHost);
  options.onListening?.(port);
  for (const worker of workers) worker.start();
  const stopAll = (): Promise<unknown> => Promise.all([server.stop(), ...workers.map((worker) => worker.stop())]);
  return { port, functionCount: functions.length, stop: once(() => stopHost(app, server, stopAll, log)) };
}

async function stopHost(
  app: FunctionApp,
  server: HttpServer,
  stopAll: () => Promise<unknown>,
  log: Log,
): Promise<void> {
  const late = new AbortController();
  const timeout = delay(STOP_MS, "late", { signal: late.signal }).catch(() => "in time");
  if ((await Promise.race([stopAll(), timeout])) === "late") log("warn", "host.stop_timeout", { waitedMs: STOP_MS });
  late.abort();
  server.cut();
  try {
    await runAppHooks(app, "appTerminate");
  } catch (error) {
    log("error", "hook.failed", { hook: "appTerminate", error: stackOf(error) });
  }
}

function checkTriggers(functions: readonly InvocableFunction[]): void {
  const known = new Set(["httptrigger", "servicebustrigger", "timertrigger"]);
  const foreign = functions.find(({ trigger }) => !known.has(trigger.type.toLowerCase()));
  if (foreign === undefined) return;
  throw new StartError(`function ${foreign.name}: the local host cannot run a ${foreign.trigger.type}`);
}

function toRoute(target: InvocableFunction, app: FunctionApp): RouteOptions<InvocableFunction> {
  const { route, methods } = target.trigger;
  const own = typeof route === "string" ? route : target.name;
  return {
    functionName: target.name,
    methods: Array.isArray(methods) ? methods.map(String) : [],
    template: `${app.hostJson.routePrefix}/${own}`,
    target,
  };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => (result ??= action());
}
