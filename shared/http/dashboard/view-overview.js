import { get, serverNow } from "./api.js";
import { alertsHint, attention } from "./attention.js";
import { copyable } from "./copy.js";
import { deliveryCharts } from "./delivery-charts.js";
import { h, refill, svg } from "./dom.js";
import { follow } from "./feed.js";
import { count, duration, shortCount } from "./format.js";
import { emptyState, tenantDeliveryColumns, timeOf } from "./parts.js";
import { poll } from "./poll.js";
import { linkTo } from "./router.js";
import { shapeOf, toneOf } from "./status.js";
import { panel, skeleton, table } from "./table.js";

/** @import { AlertPage } from "../../usecases/list-alerts" */
/** @import { Overview } from "../../usecases/overview" */
/** @import { QueueDepth } from "../../core/ports" */
/** @import { TenantSummary } from "../../core/tenant-summary" */

const OVERVIEW_SECONDS = 10;
const LATEST = 8;
const MOST_COUNTED = 1000;
/** More than these are told as that. */
const MOST_ALERTS = 100;

/** @type {import("./router.js").ViewBuilder} */
export function overviewView({ signal }) {
  const figures = h("div", {}, skeleton(3));
  const charts = h("div", { class: "charts" }, skeleton(6));
  const latest = h("div", {}, skeleton(LATEST));
  const latestPanel = panel("Latest deliveries", latest);
  poll(signal, OVERVIEW_SECONDS, async () => {
    /** @type {Promise<Overview>} */
    const asked = get("/overview", { signal });
    /** @type {Promise<AlertPage>} */
    const askedAlerts = get("/alerts", { query: { limit: MOST_ALERTS }, signal });
    const [overview, alerts] = await Promise.all([asked, askedAlerts]);
    charts.hidden = latestPanel.hidden = overview.webhooksCount === 0;
    refill(figures, ...(overview.webhooksCount === 0 ? [firstSteps()] : figuresOf(overview, alerts)));
  });
  follow(signal, "/deliveries", (feed) => {
    refill(charts, ...deliveryCharts(feed));
    refill(latest, latestOf(feed.lines.slice(0, LATEST)));
  });
  return { title: "Overview", content: [figures, charts, latestPanel] };
}

/**
 * @param {Overview} overview
 * @param {AlertPage} alerts
 * @returns {HTMLElement[]}
 */
function figuresOf({ webhooksCount, deadLettersCount, summary, queue }, alerts) {
  const tiles = [
    tile("Webhooks", webhooksCount, "#/webhooks", summary && healthBar(summary.webhooks)),
    ...(summary ? countTiles(summary) : []),
    deadLetterTile(deadLettersCount),
    ...(queue ? queueTiles(queue) : []),
  ];
  return [
    h("ul", { class: "tiles", "aria-label": "Figures" }, tiles),
    summary
      ? h(
          "p",
          { class: "quiet" },
          `Deliveries of the last ${count(summary.windowMinutes)} minutes, as of `,
          timeOf(summary.computedAt),
          ".",
        )
      : h(
          "p",
          { class: "notice" },
          "So many webhooks are counted by the health timer, which runs every few minutes. It has not run yet.",
        ),
    panel("Needs attention", alertsHint(alerts), ...(summary ? attention(summary) : [])),
  ];
}

/** @param {TenantSummary} summary */
function countTiles({ counts }) {
  const { accepted, synced, throttled } = counts;
  const refused = counts.refused + throttled;
  const unrecorded = throttled > 0 && h("p", { class: "quiet" }, `${count(throttled)} of them not in the log`);
  return [
    tile("Accepted", accepted, linkTo("/deliveries", { verdict: "accepted" })),
    tile("Synchronised", synced, linkTo("/deliveries", { outcome: "synchronised" })),
    tile("Refused", refused, linkTo("/deliveries", { verdict: "refused" }), unrecorded, refused > 0 ? "bad" : "calm"),
  ];
}

/**
 * What waits to be replayed or discarded. Nobody counts on from a thousand.
 * @param {number} waiting
 */
function deadLetterTile(waiting) {
  const figure = waiting < MOST_COUNTED ? waiting : `${count(waiting)}+`;
  return tile("Given up", figure, "#/dead-letters", undefined, waiting > 0 ? "bad" : "calm");
}

/**
 * What the queue tells; on Azure the age alone.
 * @param {QueueDepth} queue
 */
function queueTiles({ active, scheduled = 0, deadLettered, oldestAt }) {
  const isBad = deadLettered !== undefined && deadLettered > 0;
  return [
    ...(active === undefined ? [] : [tile("In the queue", active + scheduled)]),
    ...(oldestAt ? [tile("Longest wait", duration(Math.max(0, serverNow() - oldestAt)))] : []),
    ...(deadLettered === undefined
      ? []
      : [tile("Dead in the queue", deadLettered, "#/dead-letters", undefined, isBad ? "bad" : "calm")]),
  ];
}

/**
 * @param {string} name
 * @param {number | string} value
 * @param {string} [href]
 * @param {HTMLElement | false} [more]
 * @param {import("./status.js").Tone} [tone]
 */
function tile(name, value, href, more, tone = "calm") {
  const [whole, short] = typeof value === "string" ? [value, value] : [count(value), shortCount(value)];
  const figure = h("span", { class: "figure", title: whole }, tone === "bad" && shapeOf(tone), short);
  const head = [h("span", { class: "name" }, name), figure];
  return h(
    "li",
    { class: "tile" },
    href === undefined
      ? h("span", { class: "face" }, head)
      : h("a", { class: "face", href, id: `tile-${name.toLowerCase().replaceAll(" ", "-")}` }, head),
    more,
  );
}

/**
 * Webhooks by health, as a bar and in words.
 * @param {TenantSummary["webhooks"]} webhooks
 */
function healthBar({ all, healthy, degraded, failed }) {
  const parts = Object.entries({ healthy, degraded, failed });
  let x = 0;
  const bars = parts.map(([status, value]) => {
    const width = all === 0 ? 0 : (value / all) * 100;
    x += width;
    return svg("rect", { x: x - width, y: 0, width, height: 4, class: toneOf(status) });
  });
  const links = parts.map(([status, value]) =>
    h(
      "li",
      {},
      h(
        "a",
        { href: linkTo("/webhooks", { health: status }), id: `health-${status}` },
        shapeOf(toneOf(status)),
        `${shortCount(value)} ${status}`,
      ),
    ),
  );
  const bar = svg(
    "svg",
    { viewBox: "0 0 100 4", preserveAspectRatio: "none", class: "share", "aria-hidden": "true" },
    bars,
  );
  return h("div", {}, bar, h("ul", { class: "legend" }, links));
}

/** @param {readonly import("../../usecases/delivery-view").DeliveryView[]} rows */
function latestOf(rows) {
  if (rows.length === 0)
    return emptyState(
      "Nothing arrived within the last hour.",
      h("p", {}, h("a", { href: "#/deliveries" }, "Search the whole log")),
    );
  return table({ caption: "Latest deliveries", columns: tenantDeliveryColumns, rows });
}

function firstSteps() {
  const command = `curl -X POST ${location.origin}/integrations/github/webhooks -H "Authorization: Bearer $TOKEN" -d '{"connectionId":"my-connection","events":["*"]}'`;
  return panel(
    "There is no webhook yet",
    h("p", {}, "Register one. The answer has the address and the secret to enter at the provider:"),
    copyable(command, "the command"),
  );
}
