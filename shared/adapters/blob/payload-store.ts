import { BlobServiceClient, type BlockBlobClient, type ContainerClient, isRestError } from "@azure/storage-blob";
import { WebhookError } from "../../core/errors";
import { textAt } from "../../core/json";
import type { Clock, PayloadStore } from "../../core/ports";
import { reasonOf } from "../../core/sdk-error";

/** Where the payloads are kept, and how long a call may take. */
export type BlobOptions = BlobAccount & {
  /** It has to be there: the template makes it, with the rule that deletes old blobs. */
  readonly container: string;
  readonly now: Clock;
  /** How long one call of the port may take, with all its requests, repetitions and tokens. */
  readonly requestTimeoutMs: number;
};

/** A storage account: by identity in Azure, by connection string for an emulator. */
type BlobAccount =
  | {
      /** `https://<account>.blob.core.windows.net`. */
      readonly serviceUri: string;
      readonly credential: BlobServiceClient["credential"];
    }
  | { readonly connectionString: string };

/** Opens no connection: the first call does. */
export function openBlobPayloads(options: BlobOptions): PayloadStore {
  return new BlobPayloadStore(options);
}

/**
 * The SDK's own defaults wait 4 s and longer between tries, which is too long for somebody who waits for the answer. The
 * first repetition comes at once.
 */
const retryOptions = { maxTries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 1000 };
/** Keys are hashes. Slashes, dots and percent signs would not come back from a URL as they went in. */
const wellFormedKey = /^[0-9a-zA-Z][0-9a-zA-Z_-]{0,254}$/;
/** Names of metadata are C# identifiers, and case is not kept. */
const EXPIRES_AT = "expiresat";

/**
 * Payloads as block blobs. A blob has no time to live, so it carries the moment of its expiry in milliseconds, and counts
 * as absent from then on. The template's lifecycle rule deletes it for good, some days later: such rules count whole days
 * and run once a day.
 */
class BlobPayloadStore implements PayloadStore {
  readonly #container: ContainerClient;
  readonly #now: Clock;
  readonly #timeoutMs: number;

  constructor({ container, now, requestTimeoutMs, ...account }: BlobOptions) {
    this.#container = openAccount(account).getContainerClient(container);
    this.#now = now;
    this.#timeoutMs = requestTimeoutMs;
  }

  async put(key: string, bytes: Uint8Array, ttlSeconds: number): Promise<void> {
    const blob = this.#blob(key);
    const metadata = { [EXPIRES_AT]: String(this.#now() + ttlSeconds * 1000) };
    await this.#ask((abortSignal) => blob.upload(bytes, bytes.byteLength, { metadata, abortSignal }));
  }

  async get(key: string): Promise<Buffer | undefined> {
    const blob = this.#blob(key);
    return this.#ask(async (abortSignal) => {
      const found = await this.#find(blob, abortSignal);
      if (!found) return undefined;
      // In parts of 4 MB at a time, which must all be of the same payload.
      const conditions = { ifMatch: found.etag };
      return unlessAbsent(blob.downloadToBuffer(0, found.length, { conditions, abortSignal }));
    });
  }

  async delete(key: string): Promise<boolean> {
    const blob = this.#blob(key);
    return this.#ask(async (abortSignal) => {
      const found = await this.#find(blob, abortSignal);
      return found !== undefined && (await unlessAbsent(blob.delete({ abortSignal }))) !== undefined;
    });
  }

  /** What is there and has not expired. */
  async #find(blob: BlockBlobClient, abortSignal: AbortSignal): Promise<Found | undefined> {
    const properties = await unlessAbsent(blob.getProperties({ abortSignal }));
    const { etag, contentLength: length, metadata } = properties ?? {};
    if (etag === undefined || length === undefined) return undefined;
    return this.#now() < Number(metadata?.[EXPIRES_AT]) ? { etag, length } : undefined;
  }

  #blob(key: string): BlockBlobClient {
    if (!wellFormedKey.test(key))
      throw new RangeError("a payload's key has characters other than 0-9, a-z, A-Z, _ and -");
    return this.#container.getBlockBlobClient(key);
  }

  async #ask<T>(call: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await call(AbortSignal.timeout(this.#timeoutMs));
    } catch (error) {
      throw new WebhookError("store_unavailable", { detail: reasonOf(error) });
    }
  }
}

interface Found {
  readonly etag: string;
  /** In bytes. */
  readonly length: number;
}

function openAccount(account: BlobAccount): BlobServiceClient {
  if ("connectionString" in account) {
    return BlobServiceClient.fromConnectionString(account.connectionString, { retryOptions });
  }
  return new BlobServiceClient(account.serviceUri, account.credential, { retryOptions });
}

/** Only the blob may be absent: a container that is not there is a fault of the installation, and no payload was lost. */
async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isRestError(error) && error.statusCode === 404 && codeOf(error) === "BlobNotFound") return undefined;
    throw error;
  }
}

/** The error code of the storage service, which a reply without a body has in a header only. */
function codeOf(error: unknown): string | undefined {
  return textAt(error, "details", "errorCode");
}
