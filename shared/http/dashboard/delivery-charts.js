import { barChart, lineChart, rankChart } from "./chart.js";
import { h } from "./dom.js";
import { count, counted, duration, tick, words } from "./format.js";
import { binsOf, causesOf, countGroups, groups, latencyOf } from "./series.js";
import { panel } from "./table.js";

/** @import { Feed } from "./feed.js" */

const MINUTE_MS = 60_000;

/** @type {Readonly<Record<import("./series.js").Group, string>>} */
const looks = { synchronised: "done", "nothing to do": "idle", waiting: "waiting", refused: "refused", dead: "dead" };

/**
 * The three charts of a delivery log: how many, how long it took, and why some were refused.
 * @param {Feed} feed
 * @returns {HTMLElement[]}
 */
export function deliveryCharts(feed) {
  const bins = binsOf(feed);
  const isFine = feed.to - feed.from < 10 * MINUTE_MS;
  const labels = bins.map(({ from }) => tick(from, isFine));
  return [
    panel("Deliveries over time", ratePart(feed, bins, labels)),
    panel("From receipt to outcome", latencyPart(feed, bins, labels)),
    panel("Refusals by cause", causesPart(feed)),
  ];
}

/** @typedef {import("./series.js").Bin} Bin */

/**
 * @param {Feed} feed
 * @param {readonly Bin[]} bins
 * @param {readonly string[]} labels
 */
function ratePart({ lines, from, to }, bins, labels) {
  const counts = bins.map((bin) => countGroups(bin.lines));
  const perMinute = lines.length / Math.max((to - from) / MINUTE_MS, 1);
  return barChart({
    id: "rate",
    title: "Deliveries over time",
    summary: `${counted(lines.length, "line")} in ${duration(to - from)}, ${perMinute.toFixed(perMinute < 10 ? 1 : 0)} a minute`,
    labels,
    series: groups.map((group) => ({ name: group, look: looks[group], values: counts.map((each) => each[group]) })),
    format: count,
  });
}

/**
 * @param {Feed} feed
 * @param {readonly Bin[]} bins
 * @param {readonly string[]} labels
 */
function latencyPart({ lines }, bins, labels) {
  const all = latencyOf(lines);
  if (!all) return h("p", { class: "quiet" }, "No event was synchronised in this time.");
  const each = bins.map((bin) => latencyOf(bin.lines));
  return lineChart({
    id: "latency",
    title: "From receipt to outcome",
    summary: `Half within ${duration(all.median)}, 95 of 100 within ${duration(all.p95)}`,
    labels,
    series: [
      { name: "median", look: "median", values: each.map((latency) => latency?.median) },
      { name: "95th percentile", look: "p95", values: each.map((latency) => latency?.p95) },
    ],
    format: duration,
  });
}

/** @param {Feed} feed */
function causesPart({ lines }) {
  const causes = causesOf(lines).slice(0, 8);
  if (causes.length === 0) return h("p", { class: "quiet" }, "No delivery was refused in this time.");
  return rankChart(causes.map(([cause, times]) => [words(cause), times]));
}
