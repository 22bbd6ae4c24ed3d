import { openSqlite, type SqliteOptions, type SqliteStore } from "../../../shared/adapters/sqlite/database";
import { noon } from "../../support/make";

/** A store with a clock of its own; in memory unless a folder is named. */
export interface TestStore extends SqliteStore {
  now(): number;
  passTime(ms: number): Promise<void>;
  /** A closed file is what an unreachable store looks like. */
  breakDown(): Promise<void>;
}

/** Opens it at noon. */
export function openTestStore(options: Partial<Omit<SqliteOptions, "now">> = {}): TestStore {
  let time = noon;
  const store = openSqlite({ dataDirectory: ":memory:", ...options, now: () => time });
  return {
    ...store,
    now: () => time,
    passTime: async (ms) => void (time += ms),
    breakDown: () => store.close(),
  };
}
