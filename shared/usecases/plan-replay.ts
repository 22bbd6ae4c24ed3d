import { WebhookError } from "../core/errors";
import { addGaps, gapOf, type Replay, type ReplayCounts, replayIdOf } from "../core/replay";
import type { DeliverySearch } from "../repositories/delivery-lines";
import type { DeliveryQuery } from "./list-deliveries";
import { type ReplayView, toReplayView } from "./replay-view";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** What to replay: a search of the delivery log. */
export type ReplayPlan = Pick<DeliveryQuery, "fields" | "since" | "until">;

/** Who asks. */
export interface ReplayAsker {
  readonly tenantId: string;
  /** For the record. */
  readonly subject: string;
}

/** Long enough to look at a plan, too short for what it says to be no longer true. */
const PLAN_TTL_SECONDS = 3600;
const LINES_A_PAGE = 1000;
const MAX_LINES = 100_000;
const MAX_SAMPLE = 10;

/**
 * Looks up what a replay would be of: how much, from when to when, and what of it cannot be replayed. Nothing is queued
 * before the plan is run.
 * @throws {WebhookError} `invalid_request`: too much, or a time that ends before it begins; `store_unavailable`
 */
export async function planReplay(
  services: Services,
  { tenantId, subject }: ReplayAsker,
  plan: ReplayPlan,
): Promise<ReplayView> {
  const now = services.now();
  const plannedAt = new Date(now).toISOString();
  const window = windowOf(services, plan, now);
  const tenant = tenantOf(services, tenantId);
  const counts = await count(services, tenant, { fields: plan.fields, ...window, limit: LINES_A_PAGE });
  const replay: Replay = {
    id: replayIdOf(plannedAt, services.newId()),
    pk: tenant.tenantKey,
    tenantId,
    schemaVersion: 1,
    ttl: PLAN_TTL_SECONDS,
    status: "planned",
    fields: plan.fields,
    since: new Date(window.since).toISOString(),
    until: new Date(window.until).toISOString(),
    plannedAt,
    plannedBy: subject,
    ...counts,
    pages: 0,
    queued: 0,
    skipped: {},
  };
  await services.replays.create(replay);
  return toReplayView(replay);
}

function windowOf(
  { rules }: Services,
  { since, until }: ReplayPlan,
  now: number,
): Pick<DeliverySearch, "since" | "until"> {
  const window = {
    since: Math.max(now - rules.retentionSeconds * 1000, Date.parse(since ?? "") || 0),
    until: Math.min(now, Date.parse(until ?? "") || Infinity),
  };
  if (window.since <= window.until) return window;
  const message = "must not be after until, which is now at the latest";
  throw new WebhookError("invalid_request", { problems: [{ path: "/since", message }] });
}

async function count(
  { deliveries }: Services,
  tenant: ReturnType<typeof tenantOf>,
  search: DeliverySearch,
): Promise<ReplayCounts> {
  let counts: ReplayCounts = { matched: 0, replayable: 0, notReplayable: {}, sample: [] };
  let cursor: string | undefined;
  do {
    const query = { ...search, oldestFirst: true, ...(cursor === undefined ? {} : { cursor }) };
    const page = await deliveries.search(tenant, query);
    counts = withLines(counts, page.items);
    if (counts.matched > MAX_LINES) throw tooMuch();
    cursor = page.cursor;
  } while (cursor !== undefined);
  return counts;
}

function withLines(counts: ReplayCounts, lines: ReplayCounts["sample"]): ReplayCounts {
  const replayable = lines.filter((line) => gapOf(line) === undefined);
  const oldest = counts.oldest ?? replayable[0]?.receivedAt;
  const newest = replayable.at(-1)?.receivedAt ?? counts.newest;
  return {
    matched: counts.matched + lines.length,
    replayable: counts.replayable + replayable.length,
    notReplayable: addGaps(
      counts.notReplayable,
      lines.flatMap((line) => gapOf(line) ?? []),
    ),
    ...(oldest === undefined ? {} : { oldest }),
    ...(newest === undefined ? {} : { newest }),
    sample: [...counts.sample, ...replayable].slice(0, MAX_SAMPLE),
  };
}

function tooMuch(): WebhookError {
  const message = `finds more than ${MAX_LINES} deliveries: narrow the time or the fields`;
  return new WebhookError("invalid_request", { problems: [{ path: "", message }] });
}
