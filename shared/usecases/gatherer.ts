import type { Activity, ActivityNote } from "../core/activity";
import { ActivityDelta } from "../core/activity-delta";
import type { DeliveryRecord } from "../core/delivery";
import { isLostRace, isOutage } from "../core/errors";
import type { Log } from "../core/ports";
import type { SecretUse } from "../core/rotation";
import type { Activities, ActivityKey } from "../repositories/activities";
import type { Deliveries } from "../repositories/deliveries";

/** What the gatherer works with. */
export interface GathererDependencies {
  readonly activities: Activities;
  readonly deliveries: Deliveries;
  readonly windowMs: number;
  readonly log: Log;
}

interface Pending {
  readonly key: ActivityKey;
  readonly delta: ActivityDelta;
}

const FLUSH_EVERY_MS = 1000;
/** Beyond these a flood is sampled: counting goes on, records of single deliveries do not. One flood leaves room for others. */
const MAX_RECORDS = 2000;
const MAX_RECORDS_OF_ONE = 200;

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
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();
  #writes = 0;

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
    const { registrationId } = record;
    if (this.hasRoomFor(registrationId)) {
      this.#records.push(record);
      this.#recordsOf.set(registrationId, (this.#recordsOf.get(registrationId) ?? 0) + 1);
    }
    this.#wake();
  }

  /** True if {@link record} would keep one more of this webhook now. */
  hasRoomFor(registrationId: string): boolean {
    const own = this.#recordsOf.get(registrationId) ?? 0;
    return own < MAX_RECORDS_OF_ONE && this.#records.length < MAX_RECORDS;
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
    const records = this.#records;
    this.#pending.clear();
    this.#records = [];
    this.#recordsOf.clear();
    this.#writes++;
    this.#flushing = this.#flushing.then(() => this.#write(pending, records)).finally(() => this.#writes--);
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

  /** What is being written counts against no bound, so nothing more is begun before it is done. */
  #wake(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#writes > 0) this.#wake();
      else void this.flush();
    }, FLUSH_EVERY_MS);
    this.#timer.unref();
  }

  async #write(pending: readonly Pending[], records: readonly DeliveryRecord[]): Promise<void> {
    const { activities, deliveries, windowMs, log } = this.#dependencies;
    const writes = [
      ...pending.map((unwritten) =>
        activities.add(unwritten.key, unwritten.delta, windowMs).catch((error: unknown) => {
          if (isOutage(error) || isLostRace(error)) this.#putBack(unwritten);
          throw error;
        }),
      ),
      ...records.map((record) => (isHeld(record) ? deliveries.saveFirst(record) : deliveries.save(record))),
    ];
    const failed = (await Promise.allSettled(writes)).filter((result) => result.status === "rejected");
    const [first] = failed;
    if (first)
      log("warn", "gatherer.flush_failed", { failed: failed.length, of: writes.length, error: String(first.reason) });
  }
}

/** The consumer may have recorded its outcome by now. */
function isHeld(record: DeliveryRecord): boolean {
  return record.verdict === "accepted";
}
