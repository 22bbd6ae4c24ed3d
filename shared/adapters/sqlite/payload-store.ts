import type { DatabaseSync, StatementSync } from "node:sqlite";
import { at } from "../../core/json";
import type { Clock, PayloadStore } from "../../core/ports";
import type { GroupCommit } from "./group-commit";
import { sweepInGroups } from "./sweep";
import { orUnavailable, readOrUnavailable } from "./unavailable";

/** Few, because a payload may be megabytes long. */
const SWEEP_PAYLOADS = 20;

/** Payloads as rows of bytes. */
export class SqlitePayloadStore implements PayloadStore {
  readonly #commits: GroupCommit;
  readonly #now: Clock;
  readonly #statements: Record<"put" | "get" | "delete" | "sweep", StatementSync>;

  constructor(database: DatabaseSync, commits: GroupCommit, now: Clock) {
    this.#commits = commits;
    this.#now = now;
    this.#statements = {
      put: database.prepare("insert or replace into payloads (key, bytes, expires_at) values (?, ?, ?)"),
      get: database.prepare("select bytes from payloads where key = ? and expires_at > ?"),
      delete: database.prepare("delete from payloads where key = ? and expires_at > ?"),
      sweep: database.prepare(
        `delete from payloads where key in (select key from payloads where expires_at <= ? limit ${SWEEP_PAYLOADS})`,
      ),
    };
  }

  async put(key: string, bytes: Uint8Array, ttlSeconds: number): Promise<void> {
    const expiresAt = this.#now() + ttlSeconds * 1000;
    await this.#commit(() => this.#statements.put.run(key, bytes, expiresAt));
  }

  get(key: string): Promise<Buffer | undefined> {
    return readOrUnavailable("store_unavailable", () => {
      const bytes = at(this.#statements.get.get(key, this.#now()), "bytes");
      return bytes instanceof Uint8Array ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : undefined;
    });
  }

  delete(key: string): Promise<boolean> {
    return this.#commit(() => this.#statements.delete.run(key, this.#now()).changes > 0);
  }

  /** Deletes some of the payloads whose time has come. */
  async sweep(): Promise<void> {
    const now = this.#now();
    await sweepInGroups(this.#commits, () => this.#statements.sweep.run(now), SWEEP_PAYLOADS);
  }

  #commit<R>(work: () => R): Promise<R> {
    return orUnavailable("store_unavailable", this.#commits.run(work));
  }
}
