/** Stands in for the worker's `@azure/functions-core`, so that importing a function file records its registration. */

/** What a function file registered. */
export interface RecordedFunction {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly handler: (...args: unknown[]) => unknown;
}

/** All registrations since the test file began, in order. */
export const recordedFunctions: RecordedFunction[] = [];

export const version = "test";
export const hostVersion = "test";

export class Disposable {
  static from(): Disposable {
    return new Disposable();
  }
  dispose(): void {
    // Nothing to free: registrations live as long as the test file.
  }
}

export function registerFunction(
  metadata: Omit<RecordedFunction, "handler">,
  handler: RecordedFunction["handler"],
): Disposable {
  recordedFunctions.push({ name: metadata.name, bindings: metadata.bindings, handler });
  return new Disposable();
}

export function registerHook(): Disposable {
  return new Disposable();
}

export function setProgrammingModel(): void {
  // The stand-in never invokes through the model.
}

export function getProgrammingModel(): undefined {
  return undefined;
}

export function log(): void {
  // Function logs are not under test here.
}
