import { get, serverNow } from "./api.js";
import { poll } from "./poll.js";

/** @import { DeliveryView } from "../../usecases/delivery-view" */
/** @import { DeliveryPage } from "../../usecases/list-deliveries" */

/** How far back charts look. */
export const SPAN_MS = 3_600_000;
const SECONDS = 5;
const PAGE = 200;
const MAX_LINES = 2000;
/** As many pages are read however well known their lines are: outcomes change. */
const REFRESHED_PAGES = 2;
/** Outcomes change for a while after a delivery arrived, so the last ones are asked for again. */
const OVERLAP_MS = 60_000;
/** What is tried again takes longer, so that all that is shown is asked for once in this time. */
const REFRESH_MS = 60_000;

/**
 * What is known of the last hour: lines of the delivery log, newest first.
 * @typedef {object} Feed
 * @property {readonly DeliveryView[]} lines
 * @property {number} from milliseconds since 1970; nothing is known of what arrived before
 * @property {number} to
 */

/**
 * Follows a delivery log: the last hour of it first, as far as {@link MAX_LINES} reach, then what came since it looked the
 * last time, and now and again all of it anew.
 * @param {AbortSignal} signal
 * @param {string} path
 * @param {(feed: Feed) => void} show
 */
export function follow(signal, path, show) {
  /** @type {Map<string, DeliveryView>} */
  const known = new Map();
  let from = serverNow() - SPAN_MS;
  let until = from;
  let refreshedAt = -Infinity;
  poll(signal, SECONDS, async () => {
    const isAnew = serverNow() - refreshedAt >= REFRESH_MS;
    const since = isAnew ? from : until - OVERLAP_MS;
    const { lines, isWhole } = await readBack(path, since, isAnew ? new Map() : known, signal);
    if (isAnew) refreshedAt = serverNow();
    for (const line of lines) known.set(line.deliveryId, line);
    if (!isWhole) from = timeOf(lines.at(-1));
    until = serverNow();
    from = Math.max(from, until - SPAN_MS);
    const all = [...known.values()].sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1));
    const kept = all.filter((line) => timeOf(line) >= from).slice(0, MAX_LINES);
    if (kept.length === MAX_LINES) from = timeOf(kept.at(-1));
    known.clear();
    for (const line of kept) known.set(line.deliveryId, line);
    show({ lines: kept, from, to: until });
  });
}

/** @param {DeliveryView | undefined} line */
function timeOf(line) {
  return Date.parse(line?.receivedAt ?? "");
}

/**
 * Reads back from now until `since`, or until it meets what is known. It is whole if it gets there: else there is a gap
 * before its oldest line.
 * @param {string} path
 * @param {number} since
 * @param {ReadonlyMap<string, DeliveryView>} known
 * @param {AbortSignal} signal
 */
async function readBack(path, since, known, signal) {
  /** @type {DeliveryView[]} */
  const lines = [];
  /** @type {string | undefined} */
  let cursor;
  for (let page = 1; lines.length < MAX_LINES; page++) {
    const query = { since: new Date(since).toISOString(), limit: PAGE, cursor };
    /** @type {DeliveryPage} */
    const { deliveries, nextCursor } = await get(path, { query, signal });
    lines.push(...deliveries);
    cursor = nextCursor;
    const isMet = page >= REFRESHED_PAGES && deliveries.some(({ deliveryId }) => known.has(deliveryId));
    if (cursor === undefined || isMet) return { lines, isWhole: true };
  }
  return { lines, isWhole: false };
}
