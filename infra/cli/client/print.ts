import { asText, type JsonObject } from "../../../shared/core/json";

/** A column of a table: its heading, and the field that it shows. */
export type Column = readonly [heading: string, field: string];

const GAP = "  ";

/** Rows as a table with aligned columns; what is not there is a dash. */
export function toTable(columns: readonly Column[], rows: readonly JsonObject[]): string {
  const cells = [
    columns.map(([heading]) => heading),
    ...rows.map((row) => columns.map(([, field]) => toCell(row[field]))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => (line[index] ?? "").length)));
  return cells.map((line) => toLine(line, widths)).join("\n");
}

/** One row below a table of the same columns, with the widths that its headings have at least. */
export function toRow(columns: readonly (readonly [...Column, width: number])[], row: JsonObject): string {
  return toLine(
    columns.map(([, field]) => toCell(row[field])),
    columns.map(([, , width]) => width),
  );
}

/** As JSON that holds no control character either: the escapes of JSON itself leave out those from DEL on. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replaceAll(
    /[\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function toLine(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join(GAP)
    .trimEnd();
}

/** Control characters in what a provider sent must not move the terminal's cursor. */
function toCell(value: unknown): string {
  const text = Array.isArray(value) ? value.map(asText).join(",") : (asText(value) ?? (value === 0 ? "0" : "-"));
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?");
}
