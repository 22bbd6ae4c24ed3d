import { asObject } from "../core/json";
import type { FieldType } from "../core/mapping";
import { notConvertible, toIso } from "./mapping-functions";

const calendarDate = /^\d{4}-\d{2}-\d{2}(?=$|[T ])/;
const booleans: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ["true", true],
  ["1", true],
  [1, true],
  ["false", false],
  ["0", false],
  [0, false],
]);

const conversions: Readonly<Record<FieldType, (value: unknown) => unknown>> = {
  text: (value) => (isPlain(value) ? String(value) : notConvertible),
  number: toNumber,
  integer: (value) => {
    const number = toNumber(value);
    return Number.isSafeInteger(number) ? number : notConvertible;
  },
  boolean: (value) => (typeof value === "boolean" ? value : (booleans.get(lowerCase(value)) ?? notConvertible)),
  // The day as the provider states it, whatever its time zone: a birthday does not move.
  date: (value) => (typeof value === "string" ? calendarDate.exec(value)?.[0] : undefined) ?? notConvertible,
  datetime: (value) => (typeof value === "number" ? toIso(value) : toIso(Date.parse(String(value)))),
  list: (value) => (Array.isArray(value) ? (value as readonly unknown[]) : [value]),
  object: (value) => asObject(value) ?? notConvertible,
};

/** A value (not null, not undefined) as the type, or `notConvertible`. */
export function convertTo(type: FieldType, value: unknown): unknown {
  return conversions[type](value);
}

function isPlain(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function toNumber(value: unknown): unknown {
  const isNumeric = typeof value === "number" || (typeof value === "string" && value.trim() !== "");
  const number = isNumeric ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : notConvertible;
}

function lowerCase(value: unknown): unknown {
  return typeof value === "string" ? value.trim().toLowerCase() : value;
}
