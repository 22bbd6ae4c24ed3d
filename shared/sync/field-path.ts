import { asObject, type JsonObject } from "../core/json";

const listIndex = /^\d{1,6}$/;

/** The names along a path: joined with dots, or a JSON pointer (RFC 6901) where it begins with a slash. */
export function stepsOf(path: string): readonly string[] {
  if (!path.startsWith("/")) return path.split(".");
  return path
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value at a path of a record, `undefined` where any step is missing. Own properties and items of lists only. */
export function readPath(record: unknown, path: string): unknown {
  return stepsOf(path).reduce(readStep, record);
}

/** True for what counts as no value: nothing, null, an empty text. */
export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

/** The record with a value at a path; objects along the way are copied, and made where there are none. */
export function withPath(record: JsonObject, path: string, value: unknown): JsonObject {
  return writeSteps(record, stepsOf(path), value);
}

/** False for a path that leads through a list: what stands there cannot be set without the rest of the list. */
export function isWritablePath(path: string): boolean {
  return !stepsOf(path).some((step) => listIndex.test(step));
}

function readStep(value: unknown, step: string): unknown {
  if (Array.isArray(value)) return listIndex.test(step) ? (value[Number(step)] as unknown) : undefined;
  const object = asObject(value);
  return object !== undefined && Object.hasOwn(object, step) ? object[step] : undefined;
}

function writeSteps(record: JsonObject, [step = "", ...rest]: readonly string[], value: unknown): JsonObject {
  const inner = rest.length === 0 ? value : writeSteps(asObject(readStep(record, step)) ?? {}, rest, value);
  return setOwn(record, step, inner);
}

/** By definition, not by assignment: a field named `__proto__` is a field like any other. */
function setOwn(record: JsonObject, name: string, value: unknown): JsonObject {
  return Object.fromEntries([...Object.entries(record), [name, value]]);
}
