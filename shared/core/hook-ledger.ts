import type { Document } from "./ports";
import type { HookTarget, ProviderHook } from "./provider-hook";

/** A hook in the ledger. */
export interface LedgerHook extends ProviderHook {
  /** Of the request that it was last brought up to date with. */
  readonly digest?: string;
  /** Of the secret that it was last given; absent where it carries none. */
  readonly secretVersion?: string;
  /** Another has taken its place: it is to be removed. */
  readonly retired?: true;
}

/** Who works on a ledger, and until when (milliseconds since 1970) nobody else may. */
export interface LedgerLease {
  readonly holder: string;
  readonly until: number;
}

/**
 * What we made at the provider for one webhook, and what is still to be done there. `id` is the registration's; all are in
 * one partition, so that the timer finds in one query what is due. It outlives the registration until all is removed.
 */
export interface HookLedger extends Document {
  readonly tenantKey: string;
  readonly integrationId: string;
  /** Whose credentials make and remove the hooks. */
  readonly connectionId: string;
  readonly webhookUrl: string;
  readonly target: HookTarget;
  /** In the order of making. What may have been made stands here before the provider is asked, without an `id`. */
  readonly hooks: readonly LedgerHook[];
  /** The highest serial number that was given out. */
  readonly serial: number;
  /** How often somebody asked for something: who works on it sees by this that more was asked meanwhile. */
  readonly asked: number;
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** ISO 8601; when the first of them failed. */
  readonly failingSince?: string;
  /** Milliseconds since 1970; when there is something to do. */
  readonly dueAt: number;
  /** Milliseconds since 1970; set once removing failed, after the webhook was gone: so long it is tried again. */
  readonly removeUntil?: number;
  readonly lease?: LedgerLease;
}
