import { InvocationContext } from "@azure/functions";
import type { Log, LogLevel } from "../../shared/core/ports";
import type { RegisteredFunction } from "./core-api";

type RealContext = InstanceType<typeof InvocationContext>;

const levels: Readonly<Record<string, LogLevel>> = {
  trace: "debug",
  debug: "debug",
  information: "info",
  warning: "warn",
  error: "error",
  critical: "error",
};

/** The context of an invocation; what a function logs goes to the host's log under the function's name. */
export function createContext(
  definition: RegisteredFunction,
  log: Log,
  triggerMetadata?: Record<string, unknown>,
): RealContext {
  return new InvocationContext({
    functionName: definition.name,
    invocationId: crypto.randomUUID(),
    logHandler: (level, ...parts) =>
      log(levels[level] ?? "info", `function.${definition.name}`, { message: parts.map(String).join(" ") }),
    ...(triggerMetadata === undefined ? {} : { triggerMetadata }),
  });
}
