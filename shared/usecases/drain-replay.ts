import type { DeliveryLine, DeliveryRecord, ReplayMark } from "../core/delivery";
import { isOutage, isWebhookError } from "../core/errors";
import { addGaps, gapOf, type Replay } from "../core/replay";
import { lineIdOf } from "../repositories/delivery-lines";
import { putOffWork } from "./put-off-work";
import { toReplayMessage } from "./replay-message";
import { replayOf, sendDoorReplay } from "./replay-of";
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
  await noteFull(services, work, await queueEvents(services, work, replay));
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
  // Events of what had ended at the door are lines of the same time, and so may be found by the replay that made them.
  const lines = page.items.filter(({ replayId }) => replayId !== work.replayId);
  const gaps = await findGaps(services, lines, markOf(replay));
  const pending = lines.filter(({ id }) => !gaps.has(id)).map(({ id }) => id);
  const skipped = [...gaps.values()];
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
 * same ids, and an event knows the replay that it had its effect by. Deliveries that had ended at the door follow one by one,
 * because their bodies may be large. Answers the lines of those that there was no room for.
 */
async function queueEvents(services: Services, work: ReplayWork, replay: Replay): Promise<readonly string[]> {
  const mark = markOf(replay);
  const records = await Promise.all((replay.pending ?? []).map((lineId) => services.deliveries.get(work, lineId)));
  const messages = records.flatMap((record) => (record && toReplayMessage(record, mark)) ?? []);
  if (messages.length > 0) await services.queue.send(messages);
  const full: string[] = [];
  for (const record of records) {
    if (record === undefined || record.verdict === "accepted") continue;
    // A page that is done again finds those that it has seen to.
    if (record.replays?.some(({ replayId }) => replayId === mark.replayId)) continue;
    const found = await replayOf(services, record, mark).catch(orNothing);
    if (found === undefined || "message" in found) continue;
    if (!(await sendDoorReplay(services, work, found, mark))) full.push(lineIdOf(record));
  }
  return full;
}

/** What there was no room for was not queued after all, and is no more of this page: so it is told once, however often that is done. */
async function noteFull(services: Services, work: ReplayWork, full: readonly string[]): Promise<void> {
  if (full.length === 0) return;
  await services.replays.update(work, work.replayId, (current) => {
    const pending = (current.pending ?? []).filter((id) => !full.includes(id));
    const left = (current.pending ?? []).length - pending.length;
    const skipped = addGaps(current.skipped, Array<string>(left).fill("hold_full"));
    return { ...current, pending, queued: current.queued - left, skipped };
  });
}

/** What could be replayed a moment ago, and cannot now. */
function orNothing(error: unknown): undefined {
  if (isOutage(error) || !isWebhookError(error)) throw error;
  return undefined;
}

function markOf({ id: replayId, startedAt = "", startedBy = "" }: Replay): ReplayMark {
  return { replayId, requestedAt: startedAt, requestedBy: startedBy };
}

/** Why lines cannot be replayed, by their ids. Kept bodies are opened one after the other, because they may be large. */
async function findGaps(
  services: Services,
  lines: readonly DeliveryLine[],
  mark: ReplayMark,
): Promise<ReadonlyMap<string, string>> {
  const records = await Promise.all(lines.map((line) => services.deliveries.recordOf(line)));
  const gaps = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const gap = await gapIn(services, records[index], mark);
    if (gap !== undefined) gaps.set(line.id, gap === "delivery_not_kept" ? (gapOf(line) ?? "not_kept") : gap);
  }
  return gaps;
}

async function gapIn(
  services: Services,
  record: DeliveryRecord | undefined,
  mark: ReplayMark,
): Promise<string | undefined> {
  if (record === undefined) return "delivery_not_kept";
  try {
    await replayOf(services, record, mark);
    return undefined;
  } catch (error) {
    if (isOutage(error) || !isWebhookError(error)) throw error;
    return error.code;
  }
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
