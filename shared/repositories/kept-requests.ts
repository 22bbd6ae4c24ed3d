import { type KeptRequest, type KeptRequestKey, parseKeptRequest, writeKeptRequest } from "../core/kept-request";
import type { PayloadStore } from "../core/ports";
import type { Sealer } from "../core/sealer";

/** Requests that were kept as they came in, sealed: they hold what proves their origin, and what people wrote. */
export class KeptRequests {
  readonly #payloads: PayloadStore;
  readonly #sealer: Sealer;

  constructor(payloads: PayloadStore, sealer: Sealer) {
    this.#payloads = payloads;
    this.#sealer = sealer;
  }

  /** Keeps it for so many seconds. */
  put(key: KeptRequestKey, request: KeptRequest, ttlSeconds: number): Promise<void> {
    return this.#payloads.put(key.keptAs, this.#sealer.seal(writeKeptRequest(request), contextOf(key)), ttlSeconds);
  }

  /** `undefined` where nothing is kept (any more), or what is there was not kept for this tenant and webhook. */
  async get(key: KeptRequestKey): Promise<KeptRequest | undefined> {
    const sealed = await this.#payloads.get(key.keptAs);
    if (sealed === undefined) return undefined;
    try {
      return parseKeptRequest(this.#sealer.open(sealed, contextOf(key)));
    } catch {
      return undefined;
    }
  }
}

function contextOf({ tenantId, registrationId, keptAs }: KeptRequestKey): string {
  return JSON.stringify([tenantId, registrationId, keptAs]);
}
