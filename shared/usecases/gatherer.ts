import type { Activity, ActivityNote } from "../core/activity";
import { ActivityDelta } from "../core/activity-delta";
import type { DeliveryRecord } from "../core/delivery";
import { isLostRace, isOutage } from "../core/errors";
import type { KeptRequest, KeptRequestKey } from "../core/kept-request";
import type { Log } from "../core/ports";
import type { SecretUse } from "../core/rotation";
import type { Activities, ActivityKey } from "../repositories/activities";
import type { Deliveries } from "../repositories/deliveries";
import type { KeptRequests } from "../repositories/kept-requests";

/** What the gatherer works with. */
export interface GathererDependencies {
  readonly activities: Activities;
  readonly deliveries: Deliveries;
  readonly keptRequests: KeptRequests;
  readonly windowMs: number;
  readonly log: Log;
}

/** A request to keep, and for how many seconds. */
export interface Keeping {
  readonly key: KeptRequestKey;
  readonly request: KeptRequest;
  readonly ttlSeconds: number;
}

interface Pending {
  readonly key: ActivityKey;
  readonly delta: ActivityDelta;
}

const FLUSH_EVERY_MS = 1000;
/** Beyond these a flood is sampled: counting goes on, records of single deliveries do not. One flood leaves room for others. */
const MAX_RECORDS = 2000;
const MAX_RECORDS_OF_ONE = 200;
/** Bodies wait in memory, and a flood of them must not fill it, nor take the room of all others. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
const MAX_KEPT_BYTES_OF_ONE = 4 * 1024 * 1024;

/**
 * Collects counters, and the records of deliveries that ended at the door, and writes them each second and on shutdown,
 * so that a flood of requests is not a flood of writes. A crash loses at most a second of statistics, never an event; an
 * outage of the store loses no counters, because they tell that there was an outage, and neither do many instances that
 * write those of one webhook.
 */
export class Gatherer {
  readonly #dependencies: GathererDependencies;
  readonly #pending = new Map<string, Pending>();
  #records: DeliveryRecord[] = [];
  #recordsOf = new Map<string, number>();
  #kept: Keeping[] = [];
  #keptBytes = 0;
  #keptBytesOf = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(dependencies: GathererDependencies) {
    this.#dependencies = dependencies;
  }

  /** Adds to the counters of a registration. */
  note(key: ActivityKey, note: ActivityNote): void {
    this.#deltaOf(key).add(note);
  }

  /** Counts which of two secrets a delivery was signed with. */
  noteSecretUse(key: ActivityKey, use: SecretUse): void {
    this.#deltaOf(key).addSecretUse(use);
  }

  /** Keeps the first record of a delivery, one that ended at the door or is held; in a flood some are left out. */
  record(record: DeliveryRecord): void {
    const own = this.#recordsOf.get(record.registrationId) ?? 0;
    if (own < MAX_RECORDS_OF_ONE && this.#records.length < MAX_RECORDS) {
      this.#records.push(record);
      this.#recordsOf.set(record.registrationId, own + 1);
    }
    this.#wake();
  }

  /** Keeps a request as it came in; in a flood some are left out. */
  keep(keeping: Keeping): void {
    const { registrationId } = keeping.key;
    const own = this.#keptBytesOf.get(registrationId) ?? 0;
    const { length } = keeping.request.body;
    if (own + length > MAX_KEPT_BYTES_OF_ONE || this.#keptBytes + length > MAX_KEPT_BYTES) return;
    this.#kept.push(keeping);
    this.#keptBytes += length;
    this.#keptBytesOf.set(registrationId, own + length);
    this.#wake();
  }

  /** What is stored of a registration's activity together with what waits here. */
  async activityOf(key: ActivityKey): Promise<Activity> {
    for (;;) {
      const flushing = this.#flushing;
      await flushing;
      const stored = await this.#dependencies.activities.get(key);
      // A flush that began meanwhile took what waited here, and it may not be in what was read.
      if (this.#flushing !== flushing) continue;
      const pending = this.#pending.get(key.registrationId);
      return pending ? pending.delta.applyTo(stored, this.#dependencies.windowMs) : stored;
    }
  }

  /** Writes all that waits. Never throws: what cannot be written is logged and, but for counters that can be later, dropped. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const pending = [...this.#pending.values()];
    const [records, kept] = [this.#records, this.#kept];
    this.#pending.clear();
    this.#records = [];
    this.#recordsOf.clear();
    this.#kept = [];
    this.#keptBytes = 0;
    this.#keptBytesOf.clear();
    this.#flushing = this.#flushing.then(() => this.#write(pending, records, kept));
    await this.#flushing;
  }

  /** Drops what waits for a registration that is gone. */
  forget(registrationId: string): void {
    this.#pending.delete(registrationId);
  }

  #deltaOf(key: ActivityKey): ActivityDelta {
    let pending = this.#pending.get(key.registrationId);
    if (!pending) {
      pending = { key, delta: new ActivityDelta() };
      this.#pending.set(key.registrationId, pending);
    }
    this.#wake();
    return pending.delta;
  }

  #putBack({ key, delta }: Pending): void {
    const later = this.#pending.get(key.registrationId);
    if (later) delta.append(later.delta);
    this.#pending.set(key.registrationId, { key, delta });
    this.#wake();
  }

  #wake(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => void this.flush(), FLUSH_EVERY_MS);
    this.#timer.unref();
  }

  async #write(
    pending: readonly Pending[],
    records: readonly DeliveryRecord[],
    kept: readonly Keeping[],
  ): Promise<void> {
    const { activities, deliveries, keptRequests, windowMs, log } = this.#dependencies;
    const writes = [
      ...pending.map((unwritten) =>
        activities.add(unwritten.key, unwritten.delta, windowMs).catch((error: unknown) => {
          if (isOutage(error) || isLostRace(error)) this.#putBack(unwritten);
          throw error;
        }),
      ),
      ...records.map((record) => deliveries.saveFirst(record)),
      ...kept.map(({ key, request, ttlSeconds }) => keptRequests.put(key, request, ttlSeconds)),
    ];
    const failed = (await Promise.allSettled(writes)).filter((result) => result.status === "rejected");
    const [first] = failed;
    if (first)
      log("warn", "gatherer.flush_failed", { failed: failed.length, of: writes.length, error: String(first.reason) });
  }
}
