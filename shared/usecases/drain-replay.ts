import { addGaps, gapOf, type Replay } from "../core/replay";
import { putOffWork } from "./put-off-work";
import { isKept, toReplayMessage } from "./replay-message";
import { type ReplayWork, type ReplayWorkMessage, toReplayWorkMessage } from "./replay-work";
import type { Services } from "./services";

/** A page takes a second at most, unless it is asked for more slowly than an event a second. */
const MAX_EVENTS_A_PAGE = 100;

/**
 * Does a page of a replay and asks for the next one. Returns once the message may be completed: done, put off by a
 * scheduled copy, or given up, which the replay's document says.
 * @throws {WebhookError} `queue_unavailable`, `store_unavailable`
 */
export async function drainReplay(services: Services, message: ReplayWorkMessage): Promise<void> {
  const { data: work } = message;
  try {
    await doPage(services, work);
  } catch (error) {
    const { at, attempts, reason, counts } = await putOffWork(services, message, error);
    services.log("warn", "replay.failed", { replayId: work.replayId, reason, attempts, outage: !counts });
    if (at === undefined) await giveUp(services, work, reason);
  }
}

async function doPage(services: Services, work: ReplayWork): Promise<void> {
  const { replayId, page } = work;
  const startedAt = services.now();
  const known = await services.replays.find(work, replayId);
  if (known?.status !== "running" || known.pages > page + 1) return;
  const replay = known.pages > page ? known : await claimPage(services, work, known);
  if (replay?.status !== "running") return;
  const { pending = [], cursor, ratePerSecond = 1 } = replay;
  await queueEvents(services, work, replay);
  if (cursor === undefined) return complete(services, work);
  const nextAt = startedAt + (pending.length / ratePerSecond) * 1000;
  await services.queue.schedule(toReplayWorkMessage(replay, new Date(nextAt).toISOString()), nextAt);
}

/**
 * Notes which events the page is of before any is queued. Once they have run, the search may not find them again: it may be
 * for dead events.
 */
async function claimPage(services: Services, work: ReplayWork, replay: Replay): Promise<Replay | undefined> {
  const { fields, since, until, cursor, ratePerSecond = 1 } = replay;
  const page = await services.deliveries.search(work, {
    fields,
    since: Date.parse(since),
    until: Date.parse(until),
    limit: Math.min(ratePerSecond, MAX_EVENTS_A_PAGE),
    oldestFirst: true,
    ...(cursor === undefined ? {} : { cursor }),
  });
  const records = await Promise.all(page.items.map((line) => services.deliveries.recordOf(line)));
  const pending = page.items.filter((_, index) => isKept(records[index])).map(({ id }) => id);
  const skipped = page.items.flatMap((line, index) => (isKept(records[index]) ? [] : (gapOf(line) ?? "not_kept")));
  return services.replays.update(work, work.replayId, (current) => {
    if (current.pages > work.page || current.status !== "running") return current;
    const { cursor: _, ...counted } = current;
    return {
      ...counted,
      pages: work.page + 1,
      pending,
      queued: current.queued + pending.length,
      skipped: addGaps(current.skipped, skipped),
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    };
  });
}

/**
 * Puts the events of the page on the queue, the oldest first. After a crash it may do so again: the messages then have the
 * same ids, and an event knows the replay that it had its effect by.
 */
async function queueEvents(services: Services, work: ReplayWork, replay: Replay): Promise<void> {
  const { id: replayId, pending = [], startedAt = "", startedBy = "" } = replay;
  const mark = { replayId, requestedAt: startedAt, requestedBy: startedBy };
  const records = await Promise.all(pending.map((lineId) => services.deliveries.get(work, lineId)));
  const messages = records.flatMap((record) => (record && toReplayMessage(record, mark)) ?? []);
  if (messages.length > 0) await services.queue.send(messages);
}

async function complete(services: Services, work: ReplayWork): Promise<void> {
  const finishedAt = new Date(services.now()).toISOString();
  const ended = await services.replays.update(work, work.replayId, (current) =>
    current.status === "running" ? { ...withoutPending(current), status: "completed", finishedAt } : current,
  );
  services.log("info", "replay.completed", { replayId: work.replayId, queued: ended?.queued });
}

function withoutPending({ pending: _, ...replay }: Replay): Replay {
  return replay;
}

async function giveUp(services: Services, work: ReplayWork, reason: string): Promise<void> {
  const finishedAt = new Date(services.now()).toISOString();
  await services.replays.update(work, work.replayId, (current) =>
    current.status === "running" ? { ...current, status: "failed", reason, finishedAt } : current,
  );
}
