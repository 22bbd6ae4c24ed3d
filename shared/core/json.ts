/** Careful reading of JSON that a stranger sent: every reader says `undefined` instead of throwing. */

/** A JSON object of unknown fields. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** `value` if it is a JSON object (no array, no null), else `undefined`. */
export function asObject(value: unknown): JsonObject | undefined {
  // A non-null, non-array object read from JSON has string keys only.
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** `value` if it is an array, else an empty one. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The objects of an array; an empty list for anything else. */
export function objectsIn(value: unknown): readonly JsonObject[] {
  return asArray(value)
    .map(asObject)
    .filter((item) => item !== undefined);
}

/**
 * A non-empty string as it is; a number as text, since ids come as either; else `undefined`. Not so a number beyond
 * 2^53: JSON numbers are rounded there, and a rounded id is the id of something else.
 */
export function asText(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : undefined;
}

/** The value at a path of field names, `undefined` where any step is missing. Own properties only. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const name of path) {
    const object = asObject(current);
    if (object === undefined || !Object.hasOwn(object, name)) return undefined;
    current = object[name];
  }
  return current;
}

/** {@link asText} of the value at a path. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  return asText(at(value, ...path));
}
