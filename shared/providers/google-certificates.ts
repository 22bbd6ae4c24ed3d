import { createPublicKey, type KeyObject } from "node:crypto";
import type { OAuth2Client } from "google-auth-library";
import { WebhookError } from "../core/errors";
import { asObject } from "../core/json";

/** Two attempts of at most this long fit into the ten seconds that Pub/Sub waits for an answer. */
const FETCH_TIMEOUT_MS = 2_000;
/** Tokens with made-up key ids must not make us call Google for each of them. */
const QUIET_AFTER_FETCH_MS = 60_000;
const QUIET_AFTER_FAILURE_MS = 5_000;
/** Keys that were good may be used for this long while Google does not answer; they live for days. */
const USABLE_WHILE_DOWN_MS = 3_600_000;
const RETRY_AFTER_SECONDS = 10;

type Keys = ReadonlyMap<string, KeyObject>;

/**
 * Google's signing keys by key id. google-auth-library fetches them and obeys `Cache-Control`; what it lacks is added
 * here: one fetch however many wait for it, a second look when a key id is unknown, and keys parsed once, not per token.
 */
export class GoogleCertificates {
  readonly #url: string;
  /** The one with the newest certificates in its cache. */
  #client: OAuth2Client | undefined;
  #source: object | undefined;
  #keys: Keys | undefined;
  #confirmedAt = 0;
  #quietUntil = 0;
  #pending: Promise<Keys> | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /**
   * The key with this id, `undefined` if Google has none. `now` in milliseconds.
   * @throws {WebhookError} `keys_unavailable`
   */
  async keyFor(keyId: string, now: number): Promise<KeyObject | undefined> {
    const key = (await this.#current(now)).get(keyId);
    if (key !== undefined || now < this.#quietUntil) return key;
    // The library cannot be told to look again, but a new client has nothing in its cache.
    this.#pending ??= this.#load(now, undefined);
    return (await this.#pending).get(keyId);
  }

  async #current(now: number): Promise<Keys> {
    if (now < this.#quietUntil) return this.#pending ?? this.#known(now);
    this.#pending ??= this.#load(now, this.#client);
    return this.#pending;
  }

  async #load(now: number, known: OAuth2Client | undefined): Promise<Keys> {
    try {
      const client = known ?? (await createClient(this.#url));
      const { certs } = await client.getFederatedSignonCertsAsync();
      if (certs !== this.#source) this.#accept(certs, client, now);
      this.#confirmedAt = now;
    } catch (error) {
      this.#quietUntil = now + QUIET_AFTER_FAILURE_MS;
      this.#client = undefined;
      return this.#known(now, error);
    } finally {
      this.#pending = undefined;
    }
    return this.#known(now);
  }

  #accept(certificates: object, client: OAuth2Client, now: number): void {
    const keys = readKeys(certificates);
    if (keys.size === 0) throw new Error("The certificates' address answered without an RSA key.");
    this.#keys = keys;
    this.#source = certificates;
    this.#client = client;
    this.#quietUntil = now + QUIET_AFTER_FETCH_MS;
  }

  /** The error is the certificates' own: no token takes part in fetching them. */
  #known(now: number, cause?: unknown): Keys {
    if (this.#keys !== undefined && now - this.#confirmedAt <= USABLE_WHILE_DOWN_MS) return this.#keys;
    throw new WebhookError("keys_unavailable", {
      detail: "Google's certificates could not be fetched.",
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      cause,
    });
  }
}

/** The library is loaded for the first token: most gateways have other providers, and it takes 20 MB. */
async function createClient(url: string): Promise<OAuth2Client> {
  const { OAuth2Client } = await import("google-auth-library");
  return new OAuth2Client({
    endpoints: { oauth2FederatedSignonPemCertsUrl: url },
    transporterOptions: {
      timeout: FETCH_TIMEOUT_MS,
      redirect: "error",
      // Node's own: the library would load another implementation on its first use.
      fetchImplementation: fetch,
      retryConfig: { retry: 1, noResponseRetries: 1 },
    },
  });
}

/** RSA keys only, certificate or bare key; an entry that cannot be read is left out, so that the others still count. */
function readKeys(certificates: unknown): Keys {
  const keys = new Map<string, KeyObject>();
  for (const [keyId, pem] of Object.entries(asObject(certificates) ?? {})) {
    const key = readKey(pem);
    if (key?.asymmetricKeyType === "rsa") keys.set(keyId, key);
  }
  return keys;
}

function readKey(pem: unknown): KeyObject | undefined {
  if (typeof pem !== "string") return undefined;
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}
