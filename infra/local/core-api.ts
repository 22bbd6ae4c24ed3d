import type { FunctionHandler } from "@azure/functions";

/**
 * The object that `@azure/functions` asks its host for under the name `@azure/functions-core`, which is not on npm. The
 * official worker supplies its own (azure-functions-nodejs-worker, `src/setupCoreModule.ts` and `src/coreApi/`); this is
 * the same surface, so that compiled function files register with us as they do there. One function app a process.
 */

/** A binding as the library registers it: type, direction and the options the function file gave. */
export interface Binding extends Readonly<Record<string, unknown>> {
  readonly type: string;
  readonly direction: string;
}

/** A function as a function file registered it. */
export interface RegisteredFunction {
  readonly name: string;
  /** By binding name; the names are hashes. */
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly handler: FunctionHandler;
}

const hookNames = ["preInvocation", "postInvocation", "appStart", "appTerminate", "log"] as const;
type HookName = (typeof hookNames)[number];
type HookCallback = (context: object) => void | Promise<void>;

interface ProgrammingModel {
  /** Also locks `app.setup`. */
  getCapabilities(workerCapabilities: object): Promise<object>;
}

const functions = new Map<string, RegisteredFunction>();
const hooks: Readonly<Record<HookName, HookCallback[]>> = {
  preInvocation: [],
  postInvocation: [],
  appStart: [],
  appTerminate: [],
  log: [],
};
let programmingModel: ProgrammingModel | undefined;
let sealed = false;

class Disposable {
  readonly #onDispose: () => void;

  constructor(onDispose: () => void) {
    this.#onDispose = onDispose;
  }

  static from(...inner: readonly Disposable[]): Disposable {
    return new Disposable(() => {
      for (const disposable of inner) disposable.dispose();
    });
  }

  dispose(): void {
    this.#onDispose();
  }
}

function registerFunction(
  metadata: Pick<RegisteredFunction, "name" | "bindings">,
  handler: FunctionHandler,
): Disposable {
  const { name, bindings } = metadata;
  const key = name.toLowerCase();
  if (sealed) throw new Error("A function can only be registered during app startup.");
  if (!/^[a-z][a-z0-9_-]{0,127}$/i.test(name) || key === "host") throw new Error(`"${name}" is no function name.`);
  if (functions.has(key)) throw new Error(`A function named "${name}" is registered already.`);
  functions.set(key, { name, bindings, handler });
  return new Disposable(() => functions.delete(key));
}

function registerHook(name: string, callback: HookCallback): Disposable {
  const known = hookNames.find((candidate) => candidate === name);
  if (known === undefined) throw new RangeError(`There is no hook "${name}".`);
  const list = hooks[known];
  list.push(callback);
  return new Disposable(() => void list.splice(list.indexOf(callback), 1));
}

/** What that name stands for once `supplyCoreApi` has run. */
export const coreApi = {
  version: "4.0.0-castiel",
  hostVersion: "4.0.0-castiel",
  Disposable,
  registerFunction,
  registerHook,
  setProgrammingModel: (model: ProgrammingModel): void => void (programmingModel = model),
  getProgrammingModel: (): ProgrammingModel | undefined => programmingModel,
  /** The library's own remarks; those of functions come through their invocation context. */
  log: (): void => undefined,
};

/** Ends registration: what comes later throws, as on the real host. */
export async function sealCoreApi(): Promise<readonly RegisteredFunction[]> {
  sealed = true;
  await programmingModel?.getCapabilities({});
  return [...functions.values()];
}

/** The hooks of a kind, in order of registration. */
export function hooksOf(name: HookName): readonly HookCallback[] {
  return hooks[name];
}
