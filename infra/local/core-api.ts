import Module from "node:module";

/** A function as its file registered it. */
export interface RegisteredFunction {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly handler: (...inputs: unknown[]) => unknown;
}

/** A binding of a function: its type and whatever that type takes. */
export type Binding = Readonly<Record<string, unknown>> & { readonly type?: string };

/** The hooks that an app may register. */
export const hookNames = ["preInvocation", "postInvocation", "appStart", "appTerminate", "log"] as const;

/** One of {@link hookNames}. */
export type HookName = (typeof hookNames)[number];

/** A hook is handed a context object, which it may change. */
export type Hook = (context: Record<string, unknown>) => unknown;

/** Everything that an app registered while it was loaded. */
export interface Registrations {
  readonly functions: readonly RegisteredFunction[];
  readonly hooks: Readonly<Record<HookName, readonly Hook[]>>;
}

class Disposable {
  readonly #dispose: () => void;

  constructor(dispose: () => void) {
    this.#dispose = dispose;
  }

  static from(...disposables: readonly { dispose(): void }[]): Disposable {
    return new Disposable(() => disposables.forEach((disposable) => disposable.dispose()));
  }

  dispose(): void {
    this.#dispose();
  }
}

/**
 * Stands in for the worker's `@azure/functions-core`, which is on no registry: the real worker, too, answers that name
 * from memory. Must be called before the first function file is loaded; `load` does the loading.
 */
export function collectRegistrations(load: () => void): Registrations {
  const functions: RegisteredFunction[] = [];
  const hooks: Record<HookName, Hook[]> = {
    preInvocation: [],
    postInvocation: [],
    appStart: [],
    appTerminate: [],
    log: [],
  };
  let model: unknown;
  const coreApi = {
    version: "local",
    hostVersion: "local",
    Disposable,
    registerFunction({ name, bindings }: Omit<RegisteredFunction, "handler">, handler: RegisteredFunction["handler"]) {
      if (functions.some((known) => known.name.toLowerCase() === name.toLowerCase())) {
        throw new Error(`A function named ${name} is registered already.`);
      }
      functions.push({ name, bindings, handler });
      return new Disposable(() => undefined);
    },
    registerHook(name: string, hook: Hook) {
      const known = hookNames.find((candidate) => candidate === name);
      if (known === undefined) throw new RangeError(`Unrecognized hook "${name}"`);
      hooks[known].push(hook);
      return new Disposable(() => void hooks[known].splice(hooks[known].indexOf(hook), 1));
    },
    setProgrammingModel: (programmingModel: unknown) => void (model = programmingModel),
    getProgrammingModel: () => model,
    log: () => undefined,
  };
  answerRequire("@azure/functions-core", coreApi);
  load();
  return { functions, hooks };
}

function answerRequire(name: string, value: unknown): void {
  const prototype = Module.prototype;
  const original = Reflect.get(prototype, "require") as (this: unknown, id: string) => unknown;
  Reflect.set(prototype, "require", function (this: unknown, id: string): unknown {
    return id === name ? value : original.call(this, id);
  });
}
