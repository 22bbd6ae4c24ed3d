import type { EffectiveFunctionOptions, FunctionHandler, InvocationContext, TriggerMetadata } from "@azure/functions";
import type { Log } from "../../shared/core/ports";
import { createFunctionLog, toEffectiveOptions } from "./context";
import { type Binding, hooksOf, type RegisteredFunction } from "./core-api";
import { type FunctionApp, triggerOf } from "./function-app";
import { LightContext } from "./light-context";

/** A function with what all its invocations share. */
export interface InvocableFunction {
  readonly name: string;
  readonly handler: FunctionHandler;
  readonly trigger: Binding;
  readonly options: EffectiveFunctionOptions;
}

/** What all invocations of a function share, worked out once. @throws {StartError} it has no trigger */
export function toInvocable(registered: RegisteredFunction): InvocableFunction {
  const { name, handler } = registered;
  return { name, handler, trigger: triggerOf(registered), options: toEffectiveOptions(registered) };
}

/** Calls functions as the worker does: a context of its own for each invocation, hooks before and after. */
export class Invoker {
  readonly #app: FunctionApp;
  readonly #logHandler: ReturnType<typeof createFunctionLog>;

  constructor(app: FunctionApp, log: Log) {
    this.#app = app;
    this.#logHandler = createFunctionLog(log);
  }

  /** What the handler returns: a value or a promise. It throws, or the promise rejects, with what the handler throws. */
  invoke(target: InvocableFunction, input: unknown, triggerMetadata?: TriggerMetadata): unknown {
    const { name: functionName, options } = target;
    const context = new LightContext({ functionName, options, triggerMetadata, logHandler: this.#logHandler });
    const hooked = hooksOf("preInvocation").length > 0 || hooksOf("postInvocation").length > 0;
    return hooked ? this.#invokeWithHooks(target, context, input) : target.handler(input, context);
  }

  /** The contexts' fields are those that azure-functions-nodejs-worker passes; hooks may replace some of them. */
  async #invokeWithHooks(target: InvocableFunction, context: InvocationContext, input: unknown): Promise<unknown> {
    const common = { hookData: {}, appHookData: this.#app.hookData, invocationContext: context };
    const inputs: unknown[] = [input];
    const before = { ...common, functionCallback: target.handler, inputs };
    for (const hook of hooksOf("preInvocation")) await hook(before);
    const after = { ...common, inputs: before.inputs, ...(await attempt(before, context)) };
    for (const hook of hooksOf("postInvocation")) await hook(after);
    if (after.error !== undefined && after.error !== null) throw toError(after.error);
    return after.result;
  }
}

interface Call {
  readonly functionCallback: FunctionHandler;
  readonly inputs: readonly unknown[];
}

async function attempt({ functionCallback, inputs }: Call, context: InvocationContext) {
  // The library types a handler by its trigger; hooks may have changed the inputs, so their number is open.
  const handler = functionCallback as (...args: readonly unknown[]) => unknown;
  const outcome: { result: unknown; error: unknown } = { result: undefined, error: undefined };
  try {
    outcome.result = await handler(...inputs, context);
  } catch (error) {
    outcome.error = error;
  }
  return outcome;
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
