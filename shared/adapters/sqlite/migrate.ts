import { chmodSync, renameSync, rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { DataFolderError } from "./data-folder-error";

/**
 * Brings a file to the newest version, step by step in one transaction, after keeping a copy beside it. `path` is absent
 * for a store in memory.
 * @throws {DataFolderError} the file was written by a newer version of the product
 */
export function migrate(database: DatabaseSync, path: string | undefined, steps: readonly string[]): void {
  const version = Number(database.prepare("pragma user_version").get()?.["user_version"] ?? 0);
  if (version === steps.length) return;
  if (version > steps.length) {
    throw new DataFolderError(
      `The store ${path ?? ":memory:"} was written by a newer version (schema ${version}, this one knows ${steps.length}).`,
    );
  }
  if (version > 0 && path !== undefined) keepCopy(database, `${path}.v${version}.backup`);
  database.exec(`begin immediate; ${steps.slice(version).join(";")}; pragma user_version = ${steps.length}; commit`);
}

function keepCopy(database: DatabaseSync, copy: string): void {
  // Under another name until it is whole. It takes the place of one from an earlier attempt, which changed nothing.
  const partial = `${copy}.partial`;
  rmSync(partial, { force: true });
  database.prepare("vacuum into ?").run(partial);
  chmodSync(partial, 0o600);
  renameSync(partial, copy);
}
