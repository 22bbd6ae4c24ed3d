import { createHmac, randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { textAt } from "../../core/json";
import { createSealer, SEALER_KEY_BYTES, type Sealer } from "../../core/sealer";
import { DataFolderError } from "./data-folder-error";

const KEY_FILE = "secret.key";
const PRINT_OF = "castiel secret key";

/**
 * The sealer of a data folder: its key is a file of mode 0600 beside the store, made on the first start.
 * @throws {DataFolderError} the key is missing or is not the one that sealed the secrets in this store
 */
export function openSealer(database: DatabaseSync, folder: string | undefined): Sealer {
  const key = folder === undefined ? randomBytes(SEALER_KEY_BYTES) : readKey(database, folder);
  const print = createHmac("sha256", key).update(PRINT_OF).digest("hex");
  const known = knownPrint(database);
  if (known === undefined) database.prepare("insert into facts (name, value) values ('key_print', ?)").run(print);
  else if (known !== print) {
    throw new DataFolderError(`${join(folder ?? "", KEY_FILE)} is not the key that sealed the secrets of this store.`);
  }
  return createSealer(key);
}

function knownPrint(database: DatabaseSync): string | undefined {
  return textAt(database.prepare("select value from facts where name = 'key_print'").get(), "value");
}

function readKey(database: DatabaseSync, folder: string): Buffer {
  const path = join(folder, KEY_FILE);
  const isNew = !existsSync(path);
  if (isNew && knownPrint(database) !== undefined) {
    throw new DataFolderError(`${path} is missing, and the secrets of this store are sealed with it.`);
  }
  const key = isNew ? makeKey(path) : readFileSync(path);
  if (key.length !== SEALER_KEY_BYTES)
    throw new DataFolderError(`${path} does not hold a key of ${SEALER_KEY_BYTES} bytes.`);
  return key;
}

/** Written in full under another name first: a crash leaves no key or a whole one. */
function makeKey(path: string): Buffer {
  const key = randomBytes(SEALER_KEY_BYTES);
  const partial = `${path}.partial`;
  rmSync(partial, { force: true });
  const file = openSync(partial, "wx", 0o600);
  try {
    writeSync(file, key);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(partial, path);
  return key;
}
