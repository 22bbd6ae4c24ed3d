import { randomBytes } from "node:crypto";
import { asObject, at } from "../../shared/core/json";

/** What the stand-in answers: a status and, mostly, JSON. */
export interface VaultReply {
  readonly status: number;
  readonly body?: object;
}

interface Version {
  readonly version: string;
  readonly value: string;
  readonly tags: unknown;
  readonly created: number;
  updated: number;
  enabled: boolean;
}

interface Secret {
  readonly versions: Version[];
  /** Whole seconds since 1970; absent while the secret is there. */
  deletedAt?: number;
  /** Requests that still find its deletion or recovery going on. */
  unsettled: number;
}

interface Call {
  readonly method: string;
  readonly name: string;
  readonly rest: string;
  readonly url: URL;
  readonly body: unknown;
}

const RETENTION_SECONDS = 90 * 86_400;

/** A failure as Key Vault words it; its `innererror` says what `Forbidden` and `Conflict` are about. */
export function vaultFailure(status: number, code: string, innerCode?: string): VaultReply {
  const inner = innerCode === undefined ? {} : { innererror: { code: innerCode } };
  return { status, body: { error: { code, message: `stand-in: ${innerCode ?? code}`, ...inner } } };
}

const notFound = vaultFailure(404, "SecretNotFound");

/**
 * The secrets of a Key Vault in memory: versions, tags, disabled versions, pages, soft delete, recovery and purge, as the
 * REST reference "Secrets" and the SDK's recorded sessions have them. Times are in whole seconds and versions are listed
 * in the order of their random names, as in the real one.
 */
export class KeyVaultSecrets {
  readonly #baseUrl: () => string;
  readonly #now: () => number;
  readonly #secrets = new Map<string, Secret>();
  pageSize = 25;
  /** How many requests find a deletion or a recovery still going on after it was begun. */
  requestsToSettle = 0;

  constructor(baseUrl: () => string, now: () => number) {
    this.#baseUrl = baseUrl;
    this.#now = now;
  }

  /** Answers a request that is authorised already. */
  answer(method: string, url: URL, body: unknown): VaultReply {
    if (!url.searchParams.has("api-version")) return vaultFailure(400, "BadParameter");
    const [, kind, name = "", rest = ""] = url.pathname.split("/");
    const call = { method, name, rest, url, body };
    if (kind === "secrets") return this.#secret(call);
    if (kind === "deletedsecrets") return this.#deletedSecret(call);
    return vaultFailure(400, "BadParameter");
  }

  #secret(call: Call): VaultReply {
    const secret = this.#secrets.get(call.name);
    const unsettled = this.#isUnsettled(secret);
    const isThere = secret !== undefined && !unsettled && secret.deletedAt === undefined;
    if (secret && !isThere && (call.method === "PUT" || (call.method === "DELETE" && unsettled))) {
      return vaultFailure(409, "Conflict", whyTaken(secret, unsettled));
    }
    if (call.method === "PUT") return this.#set(call);
    if (call.rest === "versions") return this.#list(call, isThere ? secret.versions : []);
    if (!isThere) return notFound;
    if (call.method === "DELETE") return this.#delete(call, secret);
    const version =
      call.rest === "" ? secret.versions.at(-1) : secret.versions.find(({ version }) => version === call.rest);
    if (!version) return notFound;
    if (call.method === "PATCH") return this.#update(call, version);
    if (!version.enabled) return vaultFailure(403, "Forbidden", "SecretDisabled");
    return { status: 200, body: { ...this.#describe(call, version), value: version.value } };
  }

  #isUnsettled(secret: Secret | undefined): boolean {
    if (!secret || secret.unsettled === 0) return false;
    secret.unsettled--;
    return true;
  }

  #set(call: Call): VaultReply {
    const value = at(call.body, "value");
    if (typeof value !== "string") return vaultFailure(400, "BadParameter");
    const created = this.#seconds();
    const version = {
      version: randomBytes(16).toString("hex"),
      value,
      tags: at(call.body, "tags"),
      enabled: at(call.body, "attributes", "enabled") !== false,
      created,
      updated: created,
    };
    const secret = this.#secrets.get(call.name) ?? { versions: [], unsettled: 0 };
    secret.versions.push(version);
    this.#secrets.set(call.name, secret);
    return { status: 200, body: { ...this.#describe(call, version), value } };
  }

  /** A name without a secret has an empty list, no 404. */
  #list(call: Call, all: readonly Version[]): VaultReply {
    const versions = [...all].sort((a, b) => (a.version < b.version ? -1 : 1));
    const start = Number(call.url.searchParams.get("$skiptoken") ?? 0);
    const end = start + this.pageSize;
    const next = new URL(call.url);
    next.searchParams.set("$skiptoken", String(end));
    return {
      status: 200,
      body: {
        value: versions.slice(start, end).map((version) => this.#describe(call, version)),
        nextLink: end < versions.length ? next.href : null,
      },
    };
  }

  #update(call: Call, version: Version): VaultReply {
    const enabled = at(call.body, "attributes", "enabled");
    if (typeof enabled === "boolean") version.enabled = enabled;
    version.updated = this.#seconds();
    return { status: 200, body: this.#describe(call, version) };
  }

  #delete(call: Call, secret: Secret): VaultReply {
    secret.deletedAt = this.#seconds();
    secret.unsettled = this.requestsToSettle;
    return { status: 200, body: this.#describeDeleted(call, secret) };
  }

  #deletedSecret(call: Call): VaultReply {
    const secret = this.#secrets.get(call.name);
    if (secret?.deletedAt === undefined || this.#isUnsettled(secret)) return notFound;
    if (call.method === "DELETE") {
      this.#secrets.delete(call.name);
      return { status: 204 };
    }
    const body = this.#describeDeleted(call, secret);
    if (call.method === "POST" && call.rest === "recover") {
      delete secret.deletedAt;
      secret.unsettled = this.requestsToSettle;
    }
    return { status: 200, body };
  }

  #describe({ name }: Call, { version, tags, enabled, created, updated }: Version): object {
    const attributes = { enabled, created, updated, recoveryLevel: "Recoverable", recoverableDays: 90 };
    return { id: `${this.#baseUrl()}/secrets/${name}/${version}`, attributes, ...(asObject(tags) ? { tags } : {}) };
  }

  #describeDeleted(call: Call, { versions, deletedAt = 0 }: Secret): object {
    const newest = versions.at(-1);
    return {
      ...(newest ? this.#describe(call, newest) : {}),
      recoveryId: `${this.#baseUrl()}/deletedsecrets/${call.name}`,
      deletedDate: deletedAt,
      scheduledPurgeDate: deletedAt + RETENTION_SECONDS,
    };
  }

  #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }
}

function whyTaken({ deletedAt }: Secret, unsettled: boolean): string {
  if (!unsettled) return "ObjectIsDeletedButRecoverable";
  return deletedAt === undefined ? "ObjectIsBeingRecovered" : "ObjectIsBeingDeleted";
}
