import { openSqlite } from "../adapters/sqlite/database";
import type { EmbeddedBackEnds } from "../config";
import type { Clock, Log } from "../core/ports";
import type { BackEnds } from "./back-ends";

/** All ports on one SQLite file. @throws {DataFolderError} */
export function openEmbeddedBackEnds({ dataDirectory }: EmbeddedBackEnds, now: Clock, log: Log): BackEnds {
  const store = openSqlite({ dataDirectory, now, log });
  return { ...store, lockingQueue: store.queue };
}
