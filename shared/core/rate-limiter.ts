import type { CallLog } from "./call-log";
import type { Operation, ProviderQuota, RateFigures, TenantRateLimits } from "./rate-limit";

/** Whose calls to what. A {@link ConnectionKey} is one. */
export interface RateSource {
  readonly tenantId: string;
  readonly integrationId: string;
}

/** May the call be made? If not, `retryAt` (milliseconds since 1970) is when to ask again: calls wait, none is dropped. */
export type RateDecision =
  | { readonly allowed: true; readonly figures: RateFigures }
  | { readonly allowed: false; readonly figures: RateFigures; readonly retryAt: number };

/** Where the limits of a tenant's integration stand. */
export interface RateStatus {
  readonly integration: RateFigures;
  readonly operations: Readonly<Record<Operation, RateFigures>>;
  readonly tenant: RateFigures;
  /** The share of our limits that we use, because the provider's quota runs out: 1, 0.75 or 0.5. */
  readonly adaptiveMultiplier: number;
}

/** Limits the calls to providers. `now` in milliseconds since 1970. */
export interface RateLimiter {
  /**
   * Counts a call if all three levels have room for it.
   * @throws {WebhookError} `store_unavailable` if the limits of the tenant are not known and cannot be read
   */
  take(source: RateSource, operation: Operation, now: number): Promise<RateDecision>;
  /** Takes a call back that was counted at `takenAt` and then not made. */
  giveBack(source: RateSource, operation: Operation, takenAt: number): Promise<void>;
  /** Takes in what the provider said of its own quota. */
  observe(source: RateSource, quota: ProviderQuota, now: number): Promise<void>;
  /** @throws {WebhookError} `store_unavailable`, as `take` */
  status(source: RateSource, now: number): Promise<RateStatus>;
  /** Forgets the calls to an integration and what its provider said. The total of the tenant stays. */
  reset(source: RateSource): Promise<void>;
  /** Lets limits that were just stored count in this instance at once; others read them within 30 s. */
  setLimit(limits: TenantRateLimits, now: number): void;
}

/** What a reader of records calls with each quota that a provider's reply names. Never throws. */
export type OnQuota = (source: RateSource, quota: ProviderQuota) => void;

/** A window in which calls are counted. */
export interface RateWindow {
  readonly key: string;
  readonly limit: number;
}

/** The windows after an attempt, in the order in which they were named. */
export interface Tally {
  readonly allowed: boolean;
  readonly logs: readonly CallLog[];
}

/** What a place in a line of waiting calls depends on: the moment before which none fits, and how far apart they fit. */
export interface LinePlace {
  readonly earliest: number;
  readonly stepMs: number;
}

/**
 * Where calls are counted: in memory of one instance, or in Redis for all that share it. No method ever rejects.
 * The keys of one call all begin with the same `{…}`, so that a cluster keeps them on one node.
 */
export interface RateLedger {
  /** Counts a call in every window if each has room, in none otherwise; no other attempt comes in between. */
  take(windows: readonly RateWindow[], now: number): Promise<Tally>;
  /** Takes a call back that was counted in these windows at `takenAt`. */
  giveBack(keys: readonly string[], takenAt: number): Promise<void>;
  read(keys: readonly string[]): Promise<readonly CallLog[]>;
  /** A place in a line: `earliest`, or one step after the place given out before, but never more than an hour late. */
  queueUp(key: string, place: LinePlace, now: number): Promise<number>;
  /** The number kept under a key, `undefined` if there is none or its time is over. */
  recall(key: string, now: number): Promise<number | undefined>;
  remember(key: string, value: number, lifetime: { readonly now: number; readonly forMs: number }): Promise<void>;
  /** Forgets everything under these keys. */
  clear(keys: readonly string[]): Promise<void>;
}

/** No place in a line is further from the earliest moment than this, whatever the number of those who wait. */
export const LONGEST_LINE_MS = 3_600_000;

/** The place in a line after `last`, the one given out before (0 if none was). */
export function placeAfter(last: number, { earliest, stepMs }: LinePlace): number {
  return Math.min(Math.max(earliest, last + stepMs), earliest + LONGEST_LINE_MS);
}
