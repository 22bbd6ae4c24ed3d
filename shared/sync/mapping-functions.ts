import type { FunctionCall } from "../core/mapping";
import { readPath } from "./field-path";

/** What a function or conversion answers for a value that it cannot use. */
export const notConvertible = Symbol("not convertible");

/** A declared function of mappings. */
interface MappingFunction {
  /** Fields of the call that it needs, and those that it may have. */
  readonly needs: readonly (keyof FunctionCall)[];
  readonly takes: readonly (keyof FunctionCall)[];
  readonly apply: (value: unknown, call: FunctionCall) => unknown;
  /** From a shard's value to the provider's; absent where there is no way back. */
  readonly reverse?: (value: unknown, call: FunctionCall) => unknown;
}

const same = (value: unknown): unknown => value;

/** By name. A value of null or nothing never comes here. */
export const mappingFunctions: ReadonlyMap<string, MappingFunction> = new Map<string, MappingFunction>([
  ["lower", { needs: [], takes: [], apply: onText((text) => text.toLowerCase()), reverse: same }],
  ["upper", { needs: [], takes: [], apply: onText((text) => text.toUpperCase()), reverse: same }],
  ["trim", { needs: [], takes: [], apply: onText((text) => text.trim()), reverse: same }],
  ["split", { needs: ["separator"], takes: ["index"], apply: split, reverse: join }],
  ["join", { needs: ["separator"], takes: [], apply: join, reverse: split }],
  ["date", { needs: [], takes: ["unit"], apply: toDateTime, reverse: fromDateTime }],
  ["each", { needs: ["path"], takes: [], apply: each }],
  ["lookup", { needs: ["table"], takes: ["otherwise"], apply: lookup, reverse: reverseLookup }],
]);

/** True if what a call makes can be turned back: not one part of a text, and not what was joined by nothing. */
export function isReversible(call: FunctionCall): boolean {
  const isLossy =
    (call.name === "split" && call.index !== undefined) || (call.name === "join" && call.separator === "");
  return mappingFunctions.get(call.name)?.reverse !== undefined && !isLossy;
}

/** Lists are gone through item by item; what is no text stays as it is. */
function onText(change: (text: string) => string): (value: unknown) => unknown {
  const apply = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(apply);
    return typeof value === "string" ? change(value) : value;
  };
  return apply;
}

function split(value: unknown, { separator = "", index }: FunctionCall): unknown {
  if (typeof value !== "string") return notConvertible;
  const parts = value
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== "");
  return index === undefined ? parts : (parts.at(index) ?? null);
}

function join(value: unknown, { separator = "" }: FunctionCall): unknown {
  if (!Array.isArray(value)) return notConvertible;
  const items: unknown[] = value;
  return items.every((item) => typeof item === "string" || typeof item === "number")
    ? items.join(separator)
    : notConvertible;
}

function toDateTime(value: unknown, { unit }: FunctionCall): unknown {
  const count = unit === undefined ? undefined : Number(value);
  const scale = unit === "seconds" ? 1000 : 1;
  const time = count === undefined ? Date.parse(String(value)) : count * scale;
  return toIso(time);
}

/** ISO 8601 in UTC; a time that `Date` cannot hold is none. */
export function toIso(time: number): unknown {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : notConvertible;
}

function fromDateTime(value: unknown, { unit }: FunctionCall): unknown {
  if (unit === undefined) return value;
  const time = Date.parse(String(value));
  if (!Number.isFinite(time)) return notConvertible;
  return unit === "seconds" ? Math.floor(time / 1000) : time;
}

function each(value: unknown, { path = "" }: FunctionCall): unknown {
  if (!Array.isArray(value)) return notConvertible;
  return value.map((item) => readPath(item, path)).filter((item) => item !== undefined && item !== null);
}

function lookup(value: unknown, { table = {}, otherwise }: FunctionCall): unknown {
  const key = String(value);
  if (Object.hasOwn(table, key)) return table[key];
  return otherwise === undefined ? value : otherwise;
}

/** The one key that means the value; a value that the table never gives went through as it was. */
function reverseLookup(value: unknown, { table = {}, otherwise }: FunctionCall): unknown {
  const keys = Object.keys(table).filter((key) => table[key] === value);
  if (keys.length === 1 && otherwise !== value) return keys[0];
  return keys.length === 0 && otherwise === undefined ? value : notConvertible;
}
