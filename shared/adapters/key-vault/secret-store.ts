import { SecretClient, type SecretClientOptions, type SecretProperties } from "@azure/keyvault-secrets";
import { WebhookError } from "../../core/errors";
import type { Clock, Log, SecretStore } from "../../core/ports";
import { checkSecretName, checkSecretValue } from "../../core/secret-rules";
import { isAbsent, isNameOfDeleted, secondsToWait, toUnavailable } from "./vault-error";

/** Which vault, and how it is asked. */
export interface KeyVaultOptions {
  /** `https://<name>.vault.azure.net`; the SDK takes no plain http. */
  readonly vaultUri: string;
  readonly credential: ConstructorParameters<typeof SecretClient>[1];
  readonly now: Clock;
  /** Does without the check that the vault belongs to the domain that its challenge names; for loopback addresses only. */
  readonly isEmulator?: boolean;
  /** How long one call of the port may take, with all its requests, repetitions and tokens. */
  readonly requestTimeoutMs: number;
  readonly log?: Log;
}

/** Opens no connection: the first call does, and learns from the vault's challenge where to get a token. */
export function openKeyVaultSecrets(options: KeyVaultOptions): SecretStore {
  return new KeyVaultSecretStore(options);
}

/** The tag with the moment at which a version was set: milliseconds since 1970, made to grow. */
const SET_AT = "set-at";
const wellFormedVersion = /^[0-9a-f]{32}$/;
const MAX_RETRIES = 2;
const RETRY_DELAY_MS = 100;
const MAX_RETRY_DELAY_MS = 1000;
const RECOVERY_POLL_MS = 250;

/**
 * Secrets in Azure Key Vault, one version a version. The vault keeps the name and the versions of a deleted secret for 7
 * to 90 days (its page "Soft-delete overview"), and a name can be set again only once that secret is recovered, with all
 * its versions. They are disabled therefore before a secret is deleted and again when it is recovered, so that what was
 * deleted stays absent. The vault is asked on every call; `CachedSecretStore` goes in front.
 */
class KeyVaultSecretStore implements SecretStore {
  readonly #client: SecretClient;
  readonly #now: Clock;
  readonly #timeoutMs: number;
  readonly #log: Log | undefined;
  #lastSetAt = 0;

  constructor({ vaultUri, credential, now, isEmulator = false, requestTimeoutMs, log }: KeyVaultOptions) {
    this.#client = new SecretClient(vaultUri, credential, {
      disableChallengeResourceVerification: isEmulator,
      retryOptions: {
        maxRetries: MAX_RETRIES,
        retryDelayInMs: RETRY_DELAY_MS,
        maxRetryDelayInMs: MAX_RETRY_DELAY_MS,
      },
      additionalPolicies: [refuseLongWaits],
    });
    this.#now = now;
    this.#timeoutMs = requestTimeoutMs;
    this.#log = log;
  }

  async get(name: string, version?: string): Promise<string | undefined> {
    checkSecretName(name);
    // An empty version would mean the newest, and anything else but hexadecimal digits is none that a vault gives out.
    if (version !== undefined && !wellFormedVersion.test(version)) return undefined;
    return this.#ask("get", async (abortSignal) => {
      const options = { abortSignal, ...(version === undefined ? {} : { version }) };
      return (await unlessAbsent(this.#client.getSecret(name, options)))?.value;
    });
  }

  async set(name: string, value: string): Promise<string> {
    checkSecretName(name);
    checkSecretValue(value);
    const tags = { [SET_AT]: String(this.#nextSetAt()) };
    return this.#ask("set", async (abortSignal) => {
      const add = () => this.#client.setSecret(name, value, { tags, abortSignal });
      const { properties } = await add().catch(async (error: unknown) => {
        if (!isNameOfDeleted(error)) throw error;
        await this.#recover(name, abortSignal);
        return add();
      });
      if (properties.version === undefined) throw new WebhookError("secrets_unavailable", { detail: "no_version" });
      return properties.version;
    });
  }

  async versions(name: string): Promise<readonly string[]> {
    checkSecretName(name);
    return this.#ask("versions", async (abortSignal) => {
      const enabled = await this.#enabledVersions(name, abortSignal);
      return enabled.sort(byAge).flatMap(({ version }) => version ?? []);
    });
  }

  async delete(name: string): Promise<boolean> {
    checkSecretName(name);
    return this.#ask("delete", async (abortSignal) => {
      await this.#disableVersions(name, abortSignal);
      // What is begun is done for our purposes; the vault takes some more seconds until the name can be recovered.
      return (await unlessAbsent(this.#client.beginDeleteSecret(name, { abortSignal }))) !== undefined;
    });
  }

  /**
   * Takes a name back from a deleted secret. No name that the product makes is ever set again after it was deleted, so
   * this is for names that people reuse; where the vault takes longer than the call may, a later call finds it done.
   */
  async #recover(name: string, abortSignal: AbortSignal): Promise<void> {
    const recovery = await this.#client.beginRecoverDeletedSecret(name, {
      intervalInMs: RECOVERY_POLL_MS,
      abortSignal,
    });
    await recovery.pollUntilDone();
    // Deleted by hand, in the portal for one, it comes back with its versions enabled.
    await this.#disableVersions(name, abortSignal);
  }

  async #disableVersions(name: string, abortSignal: AbortSignal): Promise<void> {
    const versions = (await this.#enabledVersions(name, abortSignal)).flatMap(({ version }) => version ?? []);
    const change = { enabled: false, abortSignal };
    await Promise.all(versions.map((version) => this.#client.updateSecretProperties(name, version, change)));
  }

  async #enabledVersions(name: string, abortSignal: AbortSignal): Promise<SecretProperties[]> {
    const all = toArray(this.#client.listPropertiesOfSecretVersions(name, { abortSignal }));
    return ((await unlessAbsent(all)) ?? []).filter(({ enabled }) => enabled !== false);
  }

  #nextSetAt(): number {
    return (this.#lastSetAt = Math.max(this.#now(), this.#lastSetAt + 1));
  }

  async #ask<T>(operation: string, call: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await call(AbortSignal.timeout(this.#timeoutMs));
    } catch (error) {
      const unavailable = toUnavailable(error);
      this.#log?.("warn", "key_vault.failed", { operation, reason: unavailable.detail });
      throw unavailable;
    }
  }
}

/** The SDK waits as long as a reply asks it to. A caller that waits for us is told at once instead, and for how long. */
const refuseLongWaits: NonNullable<SecretClientOptions["additionalPolicies"]>[number] = {
  position: "perRetry",
  policy: {
    name: "refuseLongWaits",
    async sendRequest(request, next) {
      const reply = await next(request);
      const seconds = secondsToWait(reply);
      if (seconds === undefined || seconds * 1000 <= MAX_RETRY_DELAY_MS) return reply;
      throw new WebhookError("secrets_unavailable", { detail: String(reply.status), retryAfterSeconds: seconds });
    },
  },
};

async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function toArray<T>(items: AsyncIterable<T>): Promise<T[]> {
  const array: T[] = [];
  for await (const item of items) array.push(item);
  return array;
}

/**
 * Newest first. The vault tells when a version was made in whole seconds and lists versions in the order of their random
 * names, so those of one second are told apart by our tag. It grows with each version that a process sets, and two
 * processes that set the same secret within one second have no order anyway. A version without the tag, made by hand,
 * counts as the oldest of its second.
 */
function byAge(a: SecretProperties, b: SecretProperties): number {
  return madeAt(b) - madeAt(a) || setAt(b) - setAt(a);
}

function madeAt({ createdOn }: SecretProperties): number {
  return createdOn?.getTime() ?? 0;
}

function setAt({ tags }: SecretProperties): number {
  const ms = Number(tags?.[SET_AT]);
  return Number.isFinite(ms) ? ms : 0;
}
