import { setTimeout as pause } from "node:timers/promises";
import { type Activity, emptyActivity } from "../core/activity";
import type { ActivityDelta } from "../core/activity-delta";
import { isLostRace } from "../core/errors";
import type { GapWatch, RepairNote } from "../core/repair";
import type { Documents, DocumentStore } from "../core/ports";

/** What names a registration's activity. */
export interface ActivityKey {
  readonly registrationId: string;
  readonly tenantId: string;
  readonly pk: string;
}

const WRITE_ATTEMPTS = 5;
/** Milliseconds that the first wait after a lost race may last; each further one twice as many. */
const FIRST_WAIT_MS = 10;

/** The activity of each registration, in the partition of its tenant. */
export class Activities {
  readonly #documents: Documents<Activity>;
  readonly #random: () => number;

  /** `random` answers numbers from 0 to 1. */
  constructor(store: DocumentStore, random: () => number) {
    this.#documents = store.collection<Activity>("health");
    this.#random = random;
  }

  /** An empty one where nothing has happened yet. */
  async get(key: ActivityKey): Promise<Activity> {
    const found = await this.#documents.get(key.pk, key.registrationId);
    return found?.value.tenantId === key.tenantId ? found.value : emptyActivity(key);
  }

  /**
   * Adds a change to what other instances wrote meanwhile, and answers the result.
   * @throws {WebhookError} `document_changed`, `document_exists` after five lost races; nothing was written then
   */
  async add(key: ActivityKey, delta: ActivityDelta, windowMs: number): Promise<Activity> {
    return this.#update(key, (activity) => delta.applyTo(activity, windowMs));
  }

  async saveReportedStatus(key: ActivityKey, reportedStatus: string): Promise<void> {
    await this.#update(key, (activity) => ({ ...activity, reportedStatus }));
  }

  async saveGapWatch(key: ActivityKey, gaps: GapWatch): Promise<void> {
    await this.#update(key, (activity) => ({ ...activity, gaps }));
  }

  async saveLastRepair(key: ActivityKey, lastRepair: RepairNote): Promise<void> {
    await this.#update(key, (activity) => ({ ...activity, lastRepair }));
  }

  async delete(key: ActivityKey): Promise<void> {
    await this.#documents.delete(key.pk, key.registrationId);
  }

  async #update(key: ActivityKey, change: (current: Activity) => Activity): Promise<Activity> {
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#documents.get(key.pk, key.registrationId);
      const next = change(stored?.value ?? emptyActivity(key));
      try {
        return (await (stored ? this.#documents.replace(next, stored.etag) : this.#documents.create(next))).value;
      } catch (error) {
        if (!isLostRace(error) || attempt === WRITE_ATTEMPTS) throw error;
        // Instances flush in step, and would meet again.
        await pause(this.#random() * FIRST_WAIT_MS * 2 ** (attempt - 1));
      }
    }
  }
}
