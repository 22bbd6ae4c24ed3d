import type { Document } from "./ports";
import type { RecordReference } from "./record-reader";
import type { TraceContext } from "./tracing";
import type { EventType, WebhookEvent } from "./webhook-event";

/**
 * What a synchronisation did to the primary shard. `stale`: an older change came late; `unchanged`: nothing new in it;
 * `resync`: the provider named no single record, so a task for all of them was queued.
 */
export type ShardChange = "created" | "updated" | "deleted" | "restored" | "unchanged" | "stale" | "resync";

/**
 * The steps of a task, in order. `transform` holds both sides against each other too; `derive` saves the other shards;
 * `changes` takes in what changed within a collection. `forward` is the only one of a task that an external engine does.
 */
export type SyncPhase =
  "fetch" | "transform" | "save" | "derive" | "deduplicate" | "write_back" | "changes" | "forward";

/**
 * Why a task runs: an event, a notice that something changed within a collection, a person's wish, a gap in the events, or
 * an edit in Castiel.
 */
export type SyncTrigger = "webhook" | "notice" | "manual" | "gap" | "edit";

/** Why nothing was read from the provider although the event alone does not tell everything. */
export type NotRead = "unsupported" | "no_credentials";

/** What a task did to one record. Ids, codes and numbers only. */
export interface SyncResult {
  readonly change: ShardChange;
  /** The shard that shows the record; absent where the task was about no single one. */
  readonly shardId?: string;
  /** How many derived shards were written. */
  readonly derived?: number;
  /** Names of fields on which both sides differed and a rule decided. */
  readonly settledConflicts?: readonly string[];
  /** A conflict that waits for a person. */
  readonly conflictId?: string;
  /** The record is shown by `shardId` together with this duplicate's shard. */
  readonly mergedShardId?: string;
  /** Names of fields that the mapping wants and the record does not have. */
  readonly missingFields?: readonly string[];
  /** What was written back to the provider. */
  readonly writtenBack?: "create" | "update" | "delete";
  /** The shard of the record that was created anew at the provider. */
  readonly createdShardId?: string;
  /** The task for all records of the entity type. */
  readonly resyncTaskId?: string;
}

/** What a task found that had changed within a collection: one page of it. */
export interface CollectionResult {
  readonly records: number;
  /** Those of them that tasks of their own read. */
  readonly reading: number;
  /** Those that failed, by reason; each that may succeed later is among those that are read. */
  readonly failures: Readonly<Record<string, number>>;
  /** The task that goes on with the next page. */
  readonly furtherTaskId?: string;
  /** Why nothing was found out. */
  readonly notRead?: NotRead;
}

/** How far a task for all records of an entity type, or for all deliveries of a webhook, has come. */
export interface ListProgress {
  /** ISO 8601: records that changed from then on. */
  readonly since: string;
  /** ISO 8601: the end of the time that is of interest, where there is one. */
  readonly until?: string;
  /** Pages that are done. */
  readonly pages: number;
  readonly records: number;
  /** Those of them that were here already, as new as at the provider. */
  readonly present?: number;
  /** Those of them that were brought up to date, or asked for again. */
  readonly repaired?: number;
  /** ISO 8601: the provider delivers again whatever it sent from then on. */
  readonly rewoundTo?: string;
  /** Records that failed by themselves, by reason; each that may succeed later has its own task. */
  readonly failures: Readonly<Record<string, number>>;
  /** Where the next page begins. */
  readonly cursor?: string;
}

/**
 * One unit of synchronisation work and its result. Partition: the tenant key. Ids sort newest first, so that a list needs
 * no other order. It holds no personal data.
 */
export interface SyncTask extends Document {
  readonly registrationId?: string;
  readonly integrationId: string;
  readonly connectionId: string;
  readonly trigger: SyncTrigger;
  readonly entityType: string;
  /** `*` for all records of the entity type. */
  readonly entityId: string;
  readonly eventType?: EventType;
  /** The events that it settles; several where they came within the window in which events of a record become one task. */
  readonly eventIds: readonly string[];
  /** `waiting`: put off without using up an attempt, until `waitingUntil` where that is known. */
  readonly status: "queued" | "running" | "waiting" | "completed" | "failed";
  readonly attempts: number;
  /** Where the record came from: the event's own data, or a read from the provider. `forwarded`: that is an engine's affair. */
  readonly source?: "event" | "provider" | "forwarded";
  /** The id that the external engine gave the task. */
  readonly externalTaskId?: string;
  readonly notRead?: NotRead;
  /** Milliseconds spent in each phase. */
  readonly phases?: Readonly<Partial<Record<SyncPhase, number>>>;
  /** When it was queued, or when its last attempt began. */
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly waitingUntil?: string;
  readonly result?: SyncResult;
  /** Of a task about a collection of which events do not say what changed in it. */
  readonly collection?: CollectionResult;
  readonly progress?: ListProgress;
  /** The code of the failure or of the wait, where the last attempt did not succeed. */
  readonly reason?: string;
  /** Failed for good: nobody tries any more. */
  readonly givenUp?: true;
}

/** The deliveries to ask a provider for again. */
export interface ResendRequest {
  readonly webhookUrl: string;
  /** What the provider calls the places where the webhook may be set up: repositories, organisations, subscriptions. */
  readonly scopes: readonly string[];
}

/**
 * Work that no event asked for: one record, all records of an entity type that changed since a time, or the deliveries
 * of a webhook that did not arrive.
 */
export interface SyncWork {
  readonly taskId: string;
  readonly tenantId: string;
  readonly tenantKey: string;
  readonly integrationId: string;
  readonly connectionId: string;
  /** The webhook whose gap it repairs. */
  readonly registrationId?: string;
  readonly trigger: Exclude<SyncTrigger, "webhook">;
  readonly entityType: string;
  readonly record?: Omit<RecordReference, "entityType">;
  readonly resend?: ResendRequest;
  /** ISO 8601; for a listing or a resending. */
  readonly since?: string;
  readonly until?: string;
  /** Where the page begins, and its number from 0. */
  readonly cursor?: string;
  readonly page?: number;
  /** ISO 8601: when it was asked for. */
  readonly requestedAt: string;
}

/** Events of one record, in the order of receipt. */
export type EventGroup = readonly [WebhookEvent, ...WebhookEvent[]];

/** The one received last. */
export function latestOf(events: EventGroup): WebhookEvent {
  return events.at(-1) ?? events[0];
}

/**
 * What a trigger asks of SyncTaskService. `attempt` starts at 1; of several events, that of the one tried most often.
 * `joined`: the traces of those that joined the first, where they are traced.
 */
export type SyncTaskRequest =
  | { readonly events: EventGroup; readonly attempt: number; readonly joined?: readonly TraceContext[] }
  | { readonly work: SyncWork; readonly attempt: number };

/** The engine behind the queue: fetch → transform → deduplicate → shard → resolve conflicts → save, here or elsewhere. */
export interface SyncTaskService {
  /**
   * Runs the task and answers it completed, or running where its next page is queued.
   * @throws {SyncFailure} the task failed; says whether repeating may help
   * @throws {SyncDelay} it has to wait
   * @throws {WebhookError} a back end of ours, or the external engine, is out: the attempt does not count
   */
  enqueueSyncTask(request: SyncTaskRequest): Promise<SyncTask>;
}

/** A synchronisation that failed by itself, not for an outage of ours. `reason` is a code. */
export class SyncFailure extends Error {
  readonly reason: string;
  /** True if no repetition can help: the event is given up at once. */
  readonly permanent: boolean;

  constructor(reason: string, options: { readonly permanent?: boolean; readonly cause?: unknown } = {}) {
    super(`sync failed: ${reason}`, { cause: options.cause });
    this.name = "SyncFailure";
    this.reason = reason;
    this.permanent = options.permanent ?? false;
  }
}

/** Nothing is wrong with the task: its provider does not answer, or the connection's credentials have to be renewed. */
export function isProviderOut(error: unknown): boolean {
  return error instanceof SyncFailure && outsideReasons.includes(error.reason);
}

const outsideReasons: readonly string[] = ["provider_unreachable", "needs_reauth"];

/** The work has to wait until `at` (milliseconds since 1970): a rate limit, say. It uses up no attempt. */
export class SyncDelay extends Error {
  readonly at: number;
  readonly reason: string;

  constructor(reason: string, at: number) {
    super(`sync delayed: ${reason}`);
    this.name = "SyncDelay";
    this.reason = reason;
    this.at = at;
  }
}
