import { readFileSync } from "node:fs";
import { join } from "node:path";

const operations = readFileSync(join(__dirname, "..", "..", "docs", "operations.md"), "utf8");

/** The rows of all tables of `docs/operations.md` whose head begins with this cell, as lists of cells. */
export function rowsOf(head: string): readonly (readonly string[])[] {
  const tables = operations.split(/\n\n/).filter((block) => block.startsWith(`| ${head} `));
  return tables.flatMap((table) =>
    table
      .split("\n")
      .slice(2)
      .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")))
      .map((cells) => cells.slice(1, -1)),
  );
}
