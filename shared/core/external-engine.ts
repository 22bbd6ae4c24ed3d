import type { ShardChange } from "./sync-task";

/** What an engine outside the gateway is told of a task: a CloudEvents 1.0 JSON object, the same at every attempt. */
export interface EngineMessage {
  readonly specversion: "1.0";
  /** The event's id or, without an event, the task's: what the engine tells repetitions by. */
  readonly id: string;
  /** `/webhooks/{registrationId}` or `/sync-tasks/{taskId}` */
  readonly source: string;
  /** `castiel.webhook.{eventName}` or `castiel.sync.requested` */
  readonly type: string;
  /** ISO 8601: when it happened, or was asked for. */
  readonly time: string;
  readonly datacontenttype: "application/json";
  /** An extension of ours: the task that shows what became of it. */
  readonly synctaskid: string;
  /** Extensions of ours, set where the event is handed over once more on purpose: its id as it was, and the replay's. */
  readonly replayof?: string;
  readonly replayid?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the engine says of its work, where it says anything. */
export interface EngineReceipt {
  /** Its own id of the task. */
  readonly taskId?: string;
  readonly change?: Exclude<ShardChange, "resync">;
}

/** The sync engine that a team runs itself. */
export interface ExternalEngine {
  /**
   * Hands a task over, and returns once the engine has taken it.
   * @throws {SyncDelay} `engine_busy`: it asks for time
   * @throws {SyncFailure} `engine_answered_{status}`: it cannot do this task; for good where it says that the task is wrong
   * @throws {WebhookError} `engine_unavailable`: it takes no task at all
   */
  hand(message: EngineMessage): Promise<EngineReceipt>;
}
