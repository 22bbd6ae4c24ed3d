import { textAt } from "../core/json";
import type { QueueMessage } from "../core/ports";
import type { Replay } from "../core/replay";

/** One page of a replay, as its message says it. */
export interface ReplayWork {
  readonly replayId: string;
  readonly tenantId: string;
  readonly tenantKey: string;
  /** From 0. */
  readonly page: number;
  /** ISO 8601. */
  readonly requestedAt: string;
}

/** A message of the event queue that asks for the next page of a replay: a CloudEvents 1.0 JSON object. */
export interface ReplayWorkMessage {
  readonly specversion: "1.0";
  readonly id: string;
  /** `/replays/{replayId}` */
  readonly source: string;
  readonly type: "castiel.replay.requested";
  /** Attempts that failed and count; absent before the first. */
  readonly failedattempts?: number;
  /** Copies made so far, which space out the next one. */
  readonly copies?: number;
  readonly data: ReplayWork;
}

const SOURCE = "/replays/";

/** The message of the page that a replay is at. Its id is the same whenever it is sent again. */
export function toReplayWorkMessage(
  { id: replayId, tenantId, pk: tenantKey, pages: page }: Replay,
  requestedAt: string,
): QueueMessage & { readonly body: ReplayWorkMessage } {
  const id = `${replayId}~${page}`;
  const data = { replayId, tenantId, tenantKey, page, requestedAt };
  return {
    messageId: id,
    body: { specversion: "1.0", id, source: SOURCE + replayId, type: "castiel.replay.requested", data },
  };
}

/** Only we write to the queue, so the fields that name the work are enough to tell ours from anything else. */
export function isReplayWorkMessage(value: unknown): value is ReplayWorkMessage {
  const isOurs = textAt(value, "source")?.startsWith(SOURCE) === true;
  return isOurs && ["replayId", "tenantId", "tenantKey"].every((name) => textAt(value, "data", name) !== undefined);
}
