import { get, serverNow } from "./api.js";
import { poll } from "./poll.js";

/** @import { DeliveryView } from "../../usecases/delivery-view" */
/** @import { DeliveryPage } from "../../usecases/list-deliveries" */

/** How far back charts look. */
export const SPAN_MS = 3_600_000;
const SECONDS = 5;
const PAGE = 200;
const FIRST_PAGES = 5;
const LATER_PAGES = 2;
const MAX_LINES = 2000;
/** Outcomes change for a while after a delivery arrived, so the last ones are asked for again. */
const OVERLAP_MS = 30_000;

/**
 * What is known of the last hour: lines of the delivery log, newest first.
 * @typedef {object} Feed
 * @property {readonly DeliveryView[]} lines
 * @property {number} from milliseconds since 1970; nothing is known of what arrived before
 * @property {number} to
 */

/**
 * Follows a delivery log: the last hour of it first, as far as a few pages reach, then what is new, by the time of the
 * newest line.
 * @param {AbortSignal} signal
 * @param {string} path
 * @param {(feed: Feed) => void} show
 */
export function follow(signal, path, show) {
  /** @type {Map<string, DeliveryView>} */
  const known = new Map();
  let from = serverNow() - SPAN_MS;
  let newest = 0;
  poll(signal, SECONDS, async () => {
    const isFirst = newest === 0;
    const since = isFirst ? serverNow() - SPAN_MS : newest - OVERLAP_MS;
    const { lines, isWhole } = await readPages(path, since, isFirst ? FIRST_PAGES : LATER_PAGES, signal);
    for (const line of lines) known.set(line.deliveryId, line);
    const oldest = lines.at(-1);
    if (!isWhole && oldest) from = Date.parse(oldest.receivedAt);
    newest = Math.max(newest, serverNow() - OVERLAP_MS);
    const to = serverNow();
    from = Math.max(from, to - SPAN_MS);
    const all = [...known.values()].sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1));
    const kept = all.filter(({ receivedAt }) => Date.parse(receivedAt) >= from).slice(0, MAX_LINES);
    if (kept.length === MAX_LINES) from = Date.parse(kept.at(-1)?.receivedAt ?? "");
    known.clear();
    for (const line of kept) known.set(line.deliveryId, line);
    show({ lines: kept, from, to });
  });
}

/**
 * @param {string} path
 * @param {number} since
 * @param {number} pages at most
 * @param {AbortSignal} signal
 */
async function readPages(path, since, pages, signal) {
  /** @type {DeliveryView[]} */
  const lines = [];
  /** @type {string | undefined} */
  let cursor;
  for (let page = 0; page < pages; page++) {
    const query = { since: new Date(since).toISOString(), limit: PAGE, cursor };
    /** @type {DeliveryPage} */
    const { deliveries, nextCursor } = await get(path, { query, signal });
    lines.push(...deliveries);
    cursor = nextCursor;
    if (cursor === undefined) return { lines, isWhole: true };
  }
  return { lines, isWhole: false };
}
