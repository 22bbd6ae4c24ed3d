import { readFileSync } from "node:fs";
import { join } from "node:path";
import { at, textAt } from "../../shared/core/json";
import { messageOf, StartError } from "./start-error";

/** The settings of host.json that this host follows; defaults are those of the Azure host. */
export interface HostJson {
  /** First segments of every HTTP route; `""` for none. */
  readonly routePrefix: string;
  /** Messages of the queue that are handled at the same time. */
  readonly maxConcurrentCalls: number;
  /** How long the lock of a message is renewed while its handler runs, in milliseconds. */
  readonly maxLockRenewalMs: number;
}

/** Reads host.json of an app. @throws {StartError} */
export function readHostJson(appRoot: string): HostJson {
  const extensions = at(readJson(join(appRoot, "host.json")), "extensions");
  const prefix = at(extensions, "http", "routePrefix");
  const calls = at(extensions, "serviceBus", "maxConcurrentCalls");
  return {
    routePrefix: typeof prefix === "string" ? prefix : "api",
    maxConcurrentCalls: typeof calls === "number" && calls >= 1 ? Math.floor(calls) : 16,
    maxLockRenewalMs: timeSpanMs(textAt(extensions, "serviceBus", "maxAutoLockRenewalDuration") ?? "00:05:00"),
  };
}

/** The function files of an app: the glob in `main` of its package.json. @throws {StartError} */
export function readMain(appRoot: string): string {
  const main = textAt(readJson(join(appRoot, "package.json")), "main");
  if (main === undefined) throw new StartError(`package.json in ${appRoot} has no "main"`);
  return main;
}

/** Milliseconds of a .NET TimeSpan, `[d.]hh:mm:ss`. */
function timeSpanMs(text: string): number {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})$/.exec(text);
  if (match === null) throw new StartError(`host.json: ${text} is no duration of the form hh:mm:ss`);
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part?: string) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new StartError(`${file} cannot be read: ${messageOf(error)}`, error);
  }
}
