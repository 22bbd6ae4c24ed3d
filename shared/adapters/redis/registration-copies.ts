import { createHmac, timingSafeEqual } from "node:crypto";
import { parseJson } from "../../core/delivery-request";
import { at } from "../../core/json";
import type { Clock } from "../../core/ports";
import type { RegistrationCopies, RegistrationCopy } from "../../core/registration-copies";
import type { RedisConnection } from "./connection";

/** The number is that of the documents' form: another version of the product does not read what it cannot know. */
const PREFIX = "castiel:registration:1:";
/** Stands where no copy may be kept for now. */
const FORGOTTEN = "";

/** What the copies work with. */
export interface CopiesOptions {
  /** Copies carry an HMAC with this key, or whoever can write to Redis could make a webhook trust somebody else. */
  readonly key: Buffer;
  readonly now: Clock;
}

/** Copies of registrations in Redis. They hold what the documents hold, and so no secret. */
export class RedisRegistrationCopies implements RegistrationCopies {
  readonly #redis: RedisConnection;
  readonly #options: CopiesOptions;
  #distrustedUntil = -Infinity;

  constructor(redis: RedisConnection, options: CopiesOptions) {
    this.#redis = redis;
    this.#options = options;
  }

  async get(registrationId: string): Promise<RegistrationCopy | undefined> {
    if (this.#options.now() < this.#distrustedUntil) return undefined;
    const sealed = await this.#redis.run((client) => client.get(PREFIX + registrationId));
    const copy = parseJson(this.#unseal(sealed ?? ""));
    if (at(copy, "registration", "id") !== registrationId) return undefined;
    // The seal says that `put` wrote it.
    return copy as RegistrationCopy;
  }

  async put(copy: RegistrationCopy, forMs: number): Promise<void> {
    if (forMs <= 0) return;
    const sealed = this.#seal(JSON.stringify(copy));
    const options = { condition: "NX", expiration: { type: "PX", value: forMs } } as const;
    await this.#redis.run((client) => client.set(PREFIX + copy.registration.id, sealed, options));
  }

  async forget(registrationId: string, forMs: number): Promise<void> {
    const expiration = { type: "PX", value: forMs } as const;
    const done = await this.#redis.run((client) => client.set(PREFIX + registrationId, FORGOTTEN, { expiration }));
    // A change that Redis was not told of: no copy is trusted until all that are older than it have run out.
    if (done === undefined) this.#distrustedUntil = this.#options.now() + forMs;
  }

  #seal(text: string): string {
    return this.#macOf(text).toString("base64") + text;
  }

  /** Empty where the seal is not ours. */
  #unseal(sealed: string): string {
    const [mac, text] = [Buffer.from(sealed.slice(0, 44), "base64"), sealed.slice(44)];
    return mac.length === 32 && timingSafeEqual(mac, this.#macOf(text)) ? text : "";
  }

  #macOf(text: string): Buffer {
    return createHmac("sha256", this.#options.key).update(text).digest();
  }
}
