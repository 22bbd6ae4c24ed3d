import { type KeptRequest, type KeptRequestKey, sizeOfKept } from "../core/kept-request";
import type { Log } from "../core/ports";
import type { KeptRequests } from "../repositories/kept-requests";

/** A request to keep, and for how many seconds. */
export interface Keeping {
  readonly key: KeptRequestKey;
  readonly request: KeptRequest;
  readonly ttlSeconds: number;
}

/** What waits or is being written is in memory: a flood of it must not fill that, nor take the room of all others. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_BYTES_OF_ONE = 4 * 1024 * 1024;
const WRITERS = 8;

/**
 * Writes requests in the background, a few at a time, so that nothing waits for a store that is slow. What it has no room for
 * is not kept; a crash loses what waits here, and never an event.
 */
export class RequestKeeper {
  readonly #keptRequests: KeptRequests;
  readonly #log: Log;
  readonly #waiting: Keeping[] = [];
  readonly #writing = new Set<Promise<void>>();
  readonly #bytesOf = new Map<string, number>();
  #bytes = 0;

  constructor(keptRequests: KeptRequests, log: Log) {
    this.#keptRequests = keptRequests;
    this.#log = log;
  }

  /** Answers whether there is room for it. */
  keep(keeping: Keeping): boolean {
    const { registrationId } = keeping.key;
    const size = sizeOfKept(keeping.request);
    const own = this.#bytesOf.get(registrationId) ?? 0;
    if (own + size > MAX_BYTES_OF_ONE || this.#bytes + size > MAX_BYTES) return false;
    this.#bytes += size;
    this.#bytesOf.set(registrationId, own + size);
    this.#waiting.push(keeping);
    this.#goOn();
    return true;
  }

  /** Resolves once all is written that waits now. Never throws. */
  async flush(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
  }

  #goOn(): void {
    while (this.#writing.size < WRITERS) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const writing = this.#write(next).finally(() => {
        this.#writing.delete(writing);
        this.#giveBack(next);
        this.#goOn();
      });
      this.#writing.add(writing);
    }
  }

  async #write({ key, request, ttlSeconds }: Keeping): Promise<void> {
    try {
      await this.#keptRequests.put(key, request, ttlSeconds);
    } catch (error) {
      this.#log("warn", "request.not_kept", { registrationId: key.registrationId, error: String(error) });
    }
  }

  #giveBack({ key: { registrationId }, request }: Keeping): void {
    const size = sizeOfKept(request);
    const left = (this.#bytesOf.get(registrationId) ?? 0) - size;
    this.#bytes -= size;
    if (left > 0) this.#bytesOf.set(registrationId, left);
    else this.#bytesOf.delete(registrationId);
  }
}
