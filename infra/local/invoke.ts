import type { InvocationContext } from "@azure/functions";
import type { Hook, RegisteredFunction, Registrations } from "./core-api";

/** Calls a function's handler, through the app's invocation hooks where it has any. */
export async function invoke(
  { hooks }: Registrations,
  definition: RegisteredFunction,
  input: unknown,
  context: InvocationContext,
): Promise<unknown> {
  if (hooks.preInvocation.length === 0 && hooks.postInvocation.length === 0) return definition.handler(input, context);
  const pre = {
    hookData: {},
    appHookData,
    invocationContext: context,
    functionCallback: definition.handler,
    inputs: [input],
  };
  await runHooks(hooks.preInvocation, pre);
  const post: Record<string, unknown> = { ...pre, result: undefined, error: undefined };
  try {
    post["result"] = await pre.functionCallback(...pre.inputs, context);
  } catch (error) {
    post["error"] = error;
  }
  await runHooks(hooks.postInvocation, post);
  if (post["error"] !== undefined) throw toError(post["error"]);
  return post["result"];
}

const appHookData: Record<string, unknown> = {};

/** Runs the hooks of the app's start or end. */
export async function runAppHooks(hooks: readonly Hook[], functionAppDirectory: string): Promise<void> {
  await runHooks(hooks, { hookData: {}, appHookData, functionAppDirectory });
}

async function runHooks(hooks: readonly Hook[], context: Record<string, unknown>): Promise<void> {
  for (const hook of hooks) await hook(context);
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
