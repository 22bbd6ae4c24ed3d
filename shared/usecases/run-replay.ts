import { WebhookError } from "../core/errors";
import type { Replay } from "../core/replay";
import type { ReplayAsker } from "./plan-replay";
import { type ReplayView, toReplayView } from "./replay-view";
import { toReplayWorkMessage } from "./replay-work";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

const DEFAULT_RATE_PER_SECOND = 50;

/** Which plan, and how fast. */
export interface ReplayRun {
  readonly replayId: string;
  /** Events a second. */
  readonly ratePerSecond?: number;
}

/**
 * Begins with what was planned. Asked again of one that runs, it makes sure that it goes on, as fast as it did.
 * @throws {WebhookError} `replay_not_found`, `replay_ended`, `store_unavailable`, `queue_unavailable`
 */
export async function runReplay(
  services: Services,
  { tenantId, subject }: ReplayAsker,
  { replayId, ratePerSecond = DEFAULT_RATE_PER_SECOND }: ReplayRun,
): Promise<ReplayView> {
  const startedAt = new Date(services.now()).toISOString();
  const running = await services.replays.update(tenantOf(services, tenantId), replayId, (current) => {
    if (current.status === "running") return current;
    if (current.status !== "planned") throw new WebhookError("replay_ended");
    const ttl = services.rules.retentionSeconds;
    return { ...current, ttl, status: "running", ratePerSecond, startedAt, startedBy: subject };
  });
  if (!running) throw new WebhookError("replay_not_found");
  await services.queue.send([{ ...workOf(running, startedAt), messageId: services.newId() }]);
  services.log("info", "replay.started", { replayId, replayable: running.replayable, ratePerSecond, by: subject });
  return toReplayView(running);
}

/** The page that was claimed last may not be done; one that is done is queued under the same ids as before. */
function workOf(replay: Replay, requestedAt: string): ReturnType<typeof toReplayWorkMessage> {
  return toReplayWorkMessage({ ...replay, pages: Math.max(0, replay.pages - 1) }, requestedAt);
}

/**
 * Stops a replay before its next page, or drops a plan. What is queued by then still runs.
 * @throws {WebhookError} `replay_not_found`, `replay_ended`, `store_unavailable`
 */
export async function cancelReplay(
  services: Services,
  { tenantId, subject }: ReplayAsker,
  replayId: string,
): Promise<ReplayView> {
  const finishedAt = new Date(services.now()).toISOString();
  const cancelled = await services.replays.update(tenantOf(services, tenantId), replayId, (current): Replay => {
    if (current.status === "cancelled") return current;
    if (current.status !== "planned" && current.status !== "running") throw new WebhookError("replay_ended");
    return { ...current, status: "cancelled", finishedAt, cancelledBy: subject };
  });
  if (!cancelled) throw new WebhookError("replay_not_found");
  services.log("info", "replay.cancelled", { replayId, queued: cancelled.queued, by: subject });
  return toReplayView(cancelled);
}
