import { globSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Binding, hooksOf, type RegisteredFunction, sealCoreApi } from "./core-api";
import { type HostJson, readHostJson, readMain } from "./host-json";
import { messageOf, StartError } from "./start-error";

/** A loaded function app. */
export interface FunctionApp {
  readonly functions: readonly RegisteredFunction[];
  readonly hostJson: HostJson;
  /** Shared by all hooks of the app. */
  readonly hookData: object;
  readonly appRoot: string;
}

/**
 * Loads the function files that `main` of package.json names (a glob from the app's root, as the worker reads it), ends
 * registration and runs the `appStart` hooks. `@azure/functions-core` must be resolvable by then.
 * @throws {StartError} no file matches, a file throws while it loads, host.json cannot be read
 */
export async function loadFunctionApp(appRoot: string): Promise<FunctionApp> {
  const hostJson = readHostJson(appRoot);
  const main = readMain(appRoot);
  const files = globSync(main, { cwd: appRoot }).sort();
  if (files.length === 0) throw new StartError(`no function files match "main" of package.json, ${main}`);
  const load = createRequire(join(appRoot, "package.json"));
  for (const file of files) {
    try {
      load(join(appRoot, file));
    } catch (error) {
      throw new StartError(`${file} cannot be loaded: ${messageOf(error)}`, error);
    }
  }
  const app: FunctionApp = { functions: await sealCoreApi(), hostJson, hookData: {}, appRoot };
  await runAppHooks(app, "appStart");
  return app;
}

/** Runs the app's start or end hooks, one after the other. */
export async function runAppHooks(app: FunctionApp, name: "appStart" | "appTerminate"): Promise<void> {
  const context = { hookData: app.hookData, appHookData: app.hookData, functionAppDirectory: app.appRoot };
  for (const hook of hooksOf(name)) await hook(context);
}

/** The trigger of a function: binding names are hashed, so the type tells it. @throws {StartError} */
export function triggerOf({ name, bindings }: RegisteredFunction): Binding {
  const trigger = Object.values(bindings).find(({ type }) => /trigger$/i.test(type));
  if (trigger === undefined) throw new StartError(`function ${name} has no trigger`);
  return trigger;
}

/** A trigger's text with `%NAME%` replaced by the app setting of that name. @throws {StartError} it is missing */
export function resolveSettings(text: string, appSettings: Readonly<Record<string, string>>): string {
  return text.replaceAll(/%([^%]+)%/g, (_, name: string) => {
    const value = Object.hasOwn(appSettings, name) ? appSettings[name] : undefined;
    if (value === undefined) throw new StartError(`a trigger names the app setting ${name}, which is missing`);
    return value;
  });
}
