import { resultOf } from "./status.js";

/** @import { DeliveryView } from "../../usecases/delivery-view" */
/** @import { Feed } from "./feed.js" */

/** What a chart tells apart, from the bottom of a bar to its top. */
export const groups = /** @type {const} */ (["synchronised", "nothing to do", "waiting", "refused", "dead"]);

/** @typedef {typeof groups[number]} Group */

/** @type {Readonly<Record<string, Group>>} */
const groupOf = {
  synchronised: "synchronised",
  held: "waiting",
  retrying: "waiting",
  accepted: "waiting",
  refused: "refused",
  rate_limited: "refused",
  dead: "dead",
};

/** A stretch of time and the lines of it. @typedef {{ readonly from: number, readonly to: number, readonly lines: readonly DeliveryView[] }} Bin */

const BINS = 30;

/**
 * Cuts the time that a feed covers into stretches of equal length.
 * @param {Feed} feed
 * @returns {Bin[]}
 */
export function binsOf({ lines, from, to }) {
  const width = Math.max((to - from) / BINS, 1);
  /** @type {DeliveryView[][]} */
  const bins = Array.from({ length: BINS }, () => []);
  for (const line of lines) {
    const index = Math.floor((Date.parse(line.receivedAt) - from) / width);
    bins[Math.min(Math.max(index, 0), BINS - 1)]?.push(line);
  }
  return bins.map((content, index) => ({ from: from + index * width, to: from + (index + 1) * width, lines: content }));
}

/**
 * How many lines of each group.
 * @param {readonly DeliveryView[]} lines
 * @returns {Record<Group, number>}
 */
export function countGroups(lines) {
  const counts = { synchronised: 0, "nothing to do": 0, waiting: 0, refused: 0, dead: 0 };
  for (const line of lines) counts[groupOf[resultOf(line)] ?? "nothing to do"]++;
  return counts;
}

/**
 * The latencies of lines at two quantiles, in milliseconds; `undefined` where there are none.
 * @param {readonly DeliveryView[]} lines
 * @returns {{ readonly median: number, readonly p95: number } | undefined}
 */
export function latencyOf(lines) {
  const sorted = lines.flatMap(({ latencyMs }) => latencyMs ?? []).sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)];
  const [median, p95] = [at(0.5), at(0.95)];
  return median === undefined || p95 === undefined ? undefined : { median, p95 };
}

/**
 * How often each cause of refusals occurs, most frequent first.
 * @param {readonly DeliveryView[]} lines
 * @returns {readonly (readonly [cause: string, times: number])[]}
 */
export function causesOf(lines) {
  /** @type {Map<string, number>} */
  const times = new Map();
  for (const line of lines) {
    if (countGroups([line]).refused === 0) continue;
    const cause = line.reason ?? line.verdict;
    times.set(cause, (times.get(cause) ?? 0) + 1);
  }
  return [...times].sort((a, b) => b[1] - a[1]);
}
