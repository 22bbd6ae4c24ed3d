import { registerHooks } from "node:module";
import { join } from "node:path";

const MODULE_URL = "castiel:functions-core";
const source = `module.exports = require(${JSON.stringify(join(__dirname, "core-api"))}).coreApi;`;

let supplied = false;

/** Makes `@azure/functions-core` resolvable in this process; to be called before the first function file is loaded. */
export function supplyCoreApi(): void {
  if (supplied) return;
  supplied = true;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "@azure/functions-core"
        ? { url: MODULE_URL, format: "commonjs", shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) =>
      url === MODULE_URL ? { format: "commonjs", source, shortCircuit: true } : next(url, context),
  });
}
