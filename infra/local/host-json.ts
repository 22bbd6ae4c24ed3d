import { readFileSync } from "node:fs";
import { join } from "node:path";
import { asText, at } from "../../shared/core/json";

/** The settings of host.json that this host knows. */
export interface HostJson {
  readonly routePrefix: string;
  readonly maxConcurrentCalls: number;
}

/** Reads host.json of an app; the defaults are the real host's. */
export function readHostJson(appRoot: string): HostJson {
  const json: unknown = JSON.parse(readFileSync(join(appRoot, "host.json"), "utf8"));
  const prefix = at(json, "extensions", "http", "routePrefix");
  return {
    routePrefix: typeof prefix === "string" ? prefix : "api",
    maxConcurrentCalls: Number(at(json, "extensions", "serviceBus", "maxConcurrentCalls") ?? 16),
  };
}

/** The function files of an app, from `main` of its package.json. */
export function readMain(appRoot: string): string {
  const json: unknown = JSON.parse(readFileSync(join(appRoot, "package.json"), "utf8"));
  const main = asText(at(json, "main"));
  if (main === undefined) throw new Error(`package.json in ${appRoot} has no "main".`);
  return main;
}
