/** Looks into the store of a gateway that runs: its own answers are kept for seconds, and asking them would be load. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const LOOK_EVERY_MS = 5;

/** Rows of a query on the store in a data folder. */
export function query(dataDirectory: string, sql: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(join(dataDirectory, "castiel.sqlite"), { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

/** Messages that wait or are being handled. */
export function queued(dataDirectory: string): number {
  const [row] = query(dataDirectory, "select count(*) as waiting from messages where state = 0");
  return Number(row?.["waiting"]);
}

/** Resolves when the queue is empty. */
export async function untilDrained(dataDirectory: string): Promise<void> {
  while (queued(dataDirectory) > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}
