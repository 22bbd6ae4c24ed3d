import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { at, textAt } from "../../core/json";
import type { Clock, DocumentStore, Log, LockingQueue, PayloadStore, SecretStore } from "../../core/ports";
import type { Sealer } from "../../core/sealer";
import { DataFolderError } from "./data-folder-error";
import { SqliteDocuments } from "./documents";
import { SqliteEventQueue } from "./event-queue";
import { GroupCommit } from "./group-commit";
import { migrate } from "./migrate";
import { SqlitePayloadStore } from "./payload-store";
import { migrations } from "./schema";
import { openSealer } from "./sealer";
import { SqliteSecretStore } from "./secret-store";
import { startSweeper } from "./sweep";

/** Where and how the embedded store is kept. */
export interface SqliteOptions {
  /** A folder, made if it is not there; `:memory:` for a store that goes with its process. */
  readonly dataDirectory: string;
  readonly now: Clock;
  readonly log?: Log;
  /** How long a message id is remembered after its message was completed; ten minutes by default, as on Azure. */
  readonly duplicateWindowMs?: number;
  /** Deliveries after which a message becomes a dead letter; ten by default, as on Azure. */
  readonly maxDeliveryCount?: number;
}

/** All ports on one SQLite file. */
export interface SqliteStore {
  readonly documents: DocumentStore;
  readonly queue: LockingQueue;
  readonly secrets: SecretStore;
  readonly payloads: PayloadStore;
  /** The value of a pragma on the writing connection. */
  pragma(name: string): unknown;
  /** Writes what waits, and closes the file. */
  close(): Promise<void>;
}

const FILE = "castiel.sqlite";
const LOCK_FILE = "lock.sqlite";
const SQLITE_BUSY = 5;
const DUPLICATE_WINDOW_MS = 10 * 60_000;
const MAX_DELIVERY_COUNT = 10;

/**
 * Opens the store of a folder for this process alone. `synchronous = FULL`: a write that was answered is on disk.
 * @throws {DataFolderError} the folder cannot be written, another process has it open, or a newer version wrote it
 */
export function openSqlite(options: SqliteOptions): SqliteStore {
  const inMemory = options.dataDirectory === ":memory:";
  if (!inMemory) makeFolder(options.dataDirectory);
  const lock = inMemory ? undefined : takeLock(options.dataDirectory);
  try {
    return openStore(options, inMemory ? undefined : options.dataDirectory, lock);
  } catch (error) {
    lock?.close();
    throw error;
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new DataFolderError(`The data folder ${folder} cannot be made: ${reasonOf(error)}.`, error);
  }
}

/**
 * A transaction held for the life of the process: the operating system frees it however the process ends, which no file
 * with a process id in it can promise.
 */
function takeLock(folder: string): DatabaseSync {
  const lock = openFile(folder, LOCK_FILE);
  try {
    lock.exec("pragma busy_timeout = 0; begin exclusive");
    return lock;
  } catch (error) {
    lock.close();
    if (at(error, "errcode") === SQLITE_BUSY) {
      throw new DataFolderError(`The data folder ${folder} is in use by another process.`, error);
    }
    throw new DataFolderError(`The data folder ${folder} cannot be written: ${reasonOf(error)}.`, error);
  }
}

function openFile(folder: string, name: string): DatabaseSync {
  const path = join(folder, name);
  try {
    const isNew = !existsSync(path);
    const database = new DatabaseSync(path);
    // Windows has no such modes; there the folder's own rights count.
    if (isNew && existsSync(path)) chmodSync(path, 0o600);
    return database;
  } catch (error) {
    throw new DataFolderError(`The data folder ${folder} cannot be read or written: ${reasonOf(error)}.`, error);
  }
}

function openStore(options: SqliteOptions, folder: string | undefined, lock: DatabaseSync | undefined): SqliteStore {
  const { now } = options;
  const database = folder === undefined ? new DatabaseSync(":memory:") : openFile(folder, FILE);
  try {
    const sealer = prepare(database, folder);
    const commits = new GroupCommit(database);
    const documents = new SqliteDocuments(database, commits, now);
    const payloads = new SqlitePayloadStore(database, commits, now);
    const queue = new SqliteEventQueue(database, commits, now, {
      duplicateWindowMs: options.duplicateWindowMs ?? DUPLICATE_WINDOW_MS,
      maxDeliveryCount: options.maxDeliveryCount ?? MAX_DELIVERY_COUNT,
    });
    const stopSweeper = startSweeper([documents, payloads, queue], options.log);
    const close = async (): Promise<void> => {
      queue.stop();
      await stopSweeper();
      await commits.close();
      database.close();
      lock?.close();
    };
    let closing: Promise<void> | undefined;
    return {
      documents,
      queue,
      payloads,
      secrets: new SqliteSecretStore(database, commits, sealer),
      pragma: (name) => Object.values(database.prepare(`pragma ${name}`).get() ?? {})[0],
      close: () => (closing ??= close()),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepare(database: DatabaseSync, folder: string | undefined): Sealer {
  try {
    // A checkpoint every 16 MB keeps its cost out of most commits. Large pages hold several events each, so that a group
    // of them writes few half-empty ones. 12 MB of page cache: the operating system keeps the file in memory as well.
    database.exec(
      "pragma page_size = 16384; pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 1000; " +
        "pragma busy_timeout = 1000; pragma cache_size = -12000; pragma temp_store = memory",
    );
    migrate(database, folder === undefined ? undefined : join(folder, FILE), migrations);
    // Fails here, and not at the first delivery, if the file cannot be written.
    database.exec("begin immediate; commit");
    return openSealer(database, folder);
  } catch (error) {
    if (error instanceof DataFolderError) throw error;
    throw new DataFolderError(`The store ${folder ?? ":memory:"} cannot be used: ${reasonOf(error)}.`, error);
  }
}

function reasonOf(error: unknown): string {
  return textAt(error, "message") ?? String(error);
}
