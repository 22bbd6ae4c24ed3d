import { randomBytes } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SecretStore } from "../../core/ports";
import type { Sealer } from "../../core/sealer";
import { checkSecretName, checkSecretValue } from "../../core/secret-rules";
import type { GroupCommit } from "./group-commit";
import { orUnavailable, readOrUnavailable } from "./unavailable";

/** Secrets as sealed rows, one a version. */
export class SqliteSecretStore implements SecretStore {
  readonly #commits: GroupCommit;
  readonly #sealer: Sealer;
  readonly #statements: Record<"newest" | "named" | "versions" | "set" | "delete", StatementSync>;

  constructor(database: DatabaseSync, commits: GroupCommit, sealer: Sealer) {
    this.#commits = commits;
    this.#sealer = sealer;
    this.#statements = {
      newest: database.prepare("select version, sealed from secrets where name = ? order by rowid desc limit 1"),
      named: database.prepare("select version, sealed from secrets where name = ? and version = ?"),
      versions: database.prepare("select version from secrets where name = ? order by rowid desc"),
      set: database.prepare("insert into secrets (name, version, sealed) values (?, ?, ?)"),
      delete: database.prepare("delete from secrets where name = ?"),
    };
  }

  get(name: string, version?: string): Promise<string | undefined> {
    return readOrUnavailable("secrets_unavailable", () => {
      checkSecretName(name);
      const { newest, named } = this.#statements;
      const row = version === undefined ? newest.get(name) : named.get(name, version);
      if (row === undefined) return undefined;
      const { sealed } = row;
      if (!(sealed instanceof Uint8Array)) throw new TypeError("a secret is not sealed");
      return this.#sealer.open(sealed, contextOf(name, String(row["version"]))).toString("utf8");
    });
  }

  async set(name: string, value: string): Promise<string> {
    checkSecretName(name);
    checkSecretValue(value);
    const version = randomBytes(16).toString("hex");
    const sealed = this.#sealer.seal(Buffer.from(value), contextOf(name, version));
    await this.#commit(() => this.#statements.set.run(name, version, sealed));
    return version;
  }

  versions(name: string): Promise<readonly string[]> {
    return readOrUnavailable("secrets_unavailable", () => {
      checkSecretName(name);
      return this.#statements.versions.all(name).map((row) => String(row["version"]));
    });
  }

  async delete(name: string): Promise<boolean> {
    checkSecretName(name);
    return this.#commit(() => this.#statements.delete.run(name).changes > 0);
  }

  #commit<R>(work: () => R): Promise<R> {
    return orUnavailable("secrets_unavailable", this.#commits.run(work));
  }
}

function contextOf(name: string, version: string): string {
  return `${name}\n${version}`;
}
