import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder for each test of the suite around the call, gone after it. Answers its path. */
export function useDataFolder(): () => string {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "castiel-sqlite-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return () => folder;
}

/** The store's file in a data folder. */
export function fileIn(folder: string): string {
  return join(folder, "castiel.sqlite");
}

const WAL_HEADER = 32;
const FRAME_HEADER = 24;

/**
 * How many transactions the write-ahead log of a folder holds: frames that name the size of the database after a commit
 * (sqlite.org, "WAL-mode File Format", 1.2). True until the log is started over by a checkpoint.
 */
export function countCommits(folder: string): number {
  const wal = readFileSync(`${fileIn(folder)}-wal`);
  const pageSize = wal.readUInt32BE(8);
  let commits = 0;
  for (let frame = WAL_HEADER; frame < wal.length; frame += FRAME_HEADER + pageSize) {
    if (wal.readUInt32BE(frame + 4) !== 0) commits++;
  }
  return commits;
}
