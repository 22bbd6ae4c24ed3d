import { format } from "node:util";
import type { EffectiveFunctionOptions, InvocationContext, LogLevel as FunctionLogLevel } from "@azure/functions";
import type { Log, LogLevel } from "../../shared/core/ports";
import type { RegisteredFunction } from "./core-api";

const levels: Readonly<Record<FunctionLogLevel, LogLevel | undefined>> = {
  trace: "debug",
  debug: "debug",
  information: "info",
  warning: "warn",
  error: "error",
  critical: "error",
  none: undefined,
};

/** Writes what a function logs through its context to the host's log, as `function.log`. */
export function createFunctionLog(log: Log) {
  return (context: InvocationContext, level: FunctionLogLevel, args: readonly unknown[]): void => {
    const known = levels[level];
    if (known === undefined) return;
    const { functionName, invocationId } = context;
    log(known, "function.log", { function: functionName, invocationId, message: format(...args) });
  };
}

/** The options as a context shows them (azure-functions-nodejs-library `src/converters/fromRpcBindings.ts`). */
export function toEffectiveOptions({ bindings }: RegisteredFunction): EffectiveFunctionOptions {
  const all = Object.entries(bindings).map(([name, binding]) => ({ ...binding, name }));
  const isTrigger = ({ type }: { readonly type: string }): boolean => /trigger$/i.test(type);
  const extra = all.filter((binding) => !isTrigger(binding) && binding.name !== "$return");
  const returned = all.find(({ name }) => name === "$return");
  return {
    trigger: all.find(isTrigger) ?? { type: "unknown", name: "unknown" },
    ...(returned === undefined ? {} : { return: returned }),
    extraInputs: extra.filter(({ direction }) => direction === "in"),
    extraOutputs: extra.filter(({ direction }) => direction === "out"),
  };
}
