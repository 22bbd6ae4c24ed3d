import { asObject, type JsonObject } from "./json";

/** One field of the record, or one within it, names joined by dots: `Email`, `owner.email`. */
export const redactionPathSource = "^[^.\\u0000-\\u001f]{1,100}(\\.[^.\\u0000-\\u001f]{1,100}){0,9}$";

/** Data without what the log must not hold. */
export interface Redacted {
  readonly data: JsonObject;
  /** Names of the record's own fields of which something, or everything, was left out. */
  readonly redacted: readonly string[];
}

/** Leaves out the fields at these paths. A list on the way stands for each of its items. */
export function redact(data: JsonObject, paths: readonly string[]): Redacted {
  const redacted = new Set<string>();
  let kept = data;
  for (const path of paths) {
    const names = path.split(".");
    const next = without(kept, names);
    if (next !== kept) redacted.add(names[0] ?? "");
    // What was an object stays one.
    kept = asObject(next) ?? {};
  }
  return { data: kept, redacted: [...redacted] };
}

/** The same value where there is nothing at the path. */
function without(value: unknown, [name = "", ...rest]: readonly string[]): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => without(item, [name, ...rest]));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const object = asObject(value);
  if (object === undefined || !Object.hasOwn(object, name)) return value;
  if (rest.length === 0) return omit(object, [name]);
  const inner = without(object[name], rest);
  if (inner === object[name]) return value;
  return Object.fromEntries(Object.entries(object).map(([key, known]) => [key, key === name ? inner : known]));
}

/** The fields but for these, as a whole: a part of one must not stand for all of it. */
export function omit(data: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !names.includes(name)));
}
