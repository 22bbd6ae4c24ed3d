import { asObject, asText, at, type JsonObject, objectsIn } from "../../../shared/core/json";

/** A column of a table: its heading, the path of the field that it shows, and how wide it is where rows come one by one. */
export type Column = readonly [heading: string, path: string, width?: number];

const GAP = "  ";

/** Rows as a table with aligned columns; what is not there is a dash. */
export function toTable(columns: readonly Column[], rows: readonly JsonObject[]): string {
  const cells = [
    columns.map(([heading]) => heading),
    ...rows.map((row) => columns.map(([, path]) => toText(fieldOf(row, path)))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => (line[index] ?? "").length)));
  return cells.map((line) => toLine(line, widths)).join("\n");
}

/** One row below a table of the same columns, with the widths that its headings have at least. */
export function toRow(columns: readonly Column[], row: JsonObject): string {
  return toLine(
    columns.map(([, path]) => toText(fieldOf(row, path))),
    columns.map(([, , width = 0]) => width),
  );
}

/** A line for each figure: what is nested is named by its path, what is listed has a line each. */
export function toFigures(json: JsonObject): string {
  const lines = figuresOf(json, []);
  const width = Math.max(...lines.map(([name = ""]) => name.length));
  return lines.map((line) => toLine(line, [width])).join("\n");
}

/** The fields at these paths, as far as they are there. */
export function pick(json: JsonObject, paths: readonly string[]): JsonObject {
  const found = paths.map((path) => [path, fieldOf(json, path)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

/** As JSON that holds no control character either: the escapes of JSON itself leave out those from DEL on. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replaceAll(
    /[\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A value for people, on one line; what is not there is a dash. */
export function toText(value: unknown): string {
  if (Array.isArray(value)) return value.map(toText).join(",");
  return plain(asText(value) ?? (typeof value === "boolean" ? String(value) : "-"));
}

/** Control characters in what a provider sent must not move the terminal's cursor. */
export function plain(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?");
}

function fieldOf(row: JsonObject, path: string): unknown {
  return at(row, ...path.split("."));
}

function figuresOf(value: unknown, path: readonly string[]): readonly (readonly string[])[] {
  const object = asObject(value);
  if (object) return Object.entries(object).flatMap(([name, field]) => figuresOf(field, [...path, name]));
  const name = plain(path.join("."));
  const items = objectsIn(value);
  if (items.length > 0) return items.map((item) => [name, ...figuresOf(item, []).flatMap(([, ...cells]) => cells)]);
  const isNone = Array.isArray(value) && value.length === 0;
  return isNone ? [] : [[name, name.endsWith("At") ? toTime(value) : toText(value)]];
}

/** Times are texts (ISO 8601), but for those of the queue, which are milliseconds since 1970. */
function toTime(value: unknown): string {
  const time = new Date(typeof value === "number" ? value : NaN);
  return Number.isNaN(time.getTime()) ? toText(value) : time.toISOString();
}

function toLine(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join(GAP)
    .trimEnd();
}
