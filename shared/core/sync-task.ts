import type { Document } from "./ports";
import type { EventType, WebhookEvent } from "./webhook-event";

/** What a synchronisation did to the primary shard. `stale`: an older change came late; `unchanged`: nothing new in it. */
export type ShardChange = "created" | "updated" | "deleted" | "restored" | "unchanged" | "stale";

/** One unit of synchronisation work and its result. Partition: the registration id. */
export interface SyncTask extends Document {
  readonly registrationId: string;
  readonly integrationId: string;
  readonly connectionId: string;
  readonly trigger: "webhook";
  readonly entityType: string;
  readonly entityId: string;
  readonly eventType: EventType;
  readonly eventIds: readonly string[];
  readonly status: "running" | "completed" | "failed";
  readonly attempts: number;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly result?: { readonly shardId: string; readonly change: ShardChange };
  /** The code of the failure, where the last attempt failed. */
  readonly reason?: string;
}

/** What a trigger asks of SyncTaskService. */
export interface SyncTaskRequest {
  readonly event: WebhookEvent;
  /** Starts at 1. */
  readonly attempt: number;
}

/** The engine behind the queue: fetch → transform → deduplicate → shard → resolve conflicts → save. */
export interface SyncTaskService {
  /**
   * Runs the task and answers it completed.
   * @throws {SyncFailure} the task failed; says whether repeating may help
   * @throws {WebhookError} a back end of ours is out: the attempt does not count
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
