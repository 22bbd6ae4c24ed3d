import { get } from "./api.js";
import { copyable } from "./copy.js";
import { deliveryCharts } from "./delivery-charts.js";
import { h, refill, update } from "./dom.js";
import { follow } from "./feed.js";
import { count, duration, words } from "./format.js";
import { connectionLink, deliveryColumns, emptyState, timeOf } from "./parts.js";
import { poll } from "./poll.js";
import { problemBox } from "./problem.js";
import { linkTo } from "./router.js";
import { badge } from "./status.js";
import { facts, panel, skeleton, table } from "./table.js";
import { heldOf, pauseButton } from "./webhook-pause.js";
import { secretOf } from "./webhook-secret.js";

/** @import { RegistrationView } from "../../usecases/registration-view" */
/** @import { WebhookHealth } from "../../core/health" */

const HEALTH_SECONDS = 10;
const LATEST = 10;

/** @type {import("./router.js").ViewBuilder} */
export function webhookView({ params, signal }) {
  const path = `/webhooks/${encodeURIComponent(params["registrationId"] ?? "")}`;
  const head = h("div", {}, skeleton(4));
  const health = h("div", {}, skeleton(4));
  const charts = h("div", { class: "charts" });
  const latest = h("div", {}, skeleton(LATEST));
  const steps = h("div", {});
  const secret = h("div", {}, skeleton(2));
  const show = async () => {
    /** @type {Promise<RegistrationView>} */
    const asked = get(path, { signal });
    /** @type {Promise<WebhookHealth>} */
    const askedHealth = get(`${path}/health`, { signal });
    const [webhook, found] = await Promise.all([asked, askedHealth]);
    update(head, webhook, () => [headOf(webhook, show)]);
    update(steps, webhook, () => [stepsOf(webhook)]);
    update(health, found, () => healthOf(found));
    update(secret, [webhook, found.secret], () => secretOf(webhook, found.secret, show));
  };
  poll(signal, HEALTH_SECONDS, async () => {
    try {
      await show();
    } catch (error) {
      if (!signal.aborted) {
        update(head, String(error), () => [problemBox(error)]);
        for (const part of [health, secret, latest]) part.querySelector(".skeleton")?.remove();
      }
      throw error;
    }
  });
  follow(signal, `${path}/deliveries`, (feed) => {
    refill(charts, ...deliveryCharts(feed));
    refill(latest, latestOf(feed.lines.slice(0, LATEST), params["registrationId"] ?? ""));
  });
  const parts = [panel("Health", health), charts, panel("Latest deliveries", latest), panel("Secret", secret), steps];
  return { title: "Webhook", content: [head, ...parts] };
}

/**
 * @param {RegistrationView} webhook
 * @param {() => Promise<void>} reload
 */
function headOf(webhook, reload) {
  const { registrationId, webhookUrl, integrationId, connectionId, events, status, verification, secretOrigin } =
    webhook;
  return h(
    "section",
    { class: "panel", "aria-label": "About this webhook" },
    facts([
      ["Status", badge(webhook.pause ? "paused" : status)],
      ["Integration", h("a", { href: linkTo("/webhooks", { integrationId }), id: "its-integration" }, integrationId)],
      ["Connection", connectionLink(integrationId, connectionId)],
      ["Events", events.join(", ")],
      ["Address", copyable(webhookUrl, "the address")],
      ["Id", copyable(registrationId, "the id")],
      ["Verified by", h("code", {}, verification.scheme)],
      ["Secret", words(secretOrigin)],
      ["First verified", webhook.verifiedAt === undefined ? "not yet" : timeOf(webhook.verifiedAt)],
      ["Registered", timeOf(webhook.createdAt)],
      ...Object.entries(webhook.metadata).map(([name, value]) => /** @type {const} */ ([name, value])),
    ]),
    h(
      "p",
      { class: "more" },
      h(
        "a",
        { href: linkTo("/audit", { resource: `/webhooks/${registrationId}` }), id: "its-changes" },
        "Who changed it",
      ),
    ),
    pauseButton(webhook, reload),
  );
}

/**
 * @param {WebhookHealth} health
 * @returns {HTMLElement[]}
 */
function healthOf(health) {
  const { status, failureRate, failureCount, lastEventAt, lastFailureAt, silence } = health;
  const { counts, windowMinutes, recommendations } = health;
  const told = Object.entries(counts).filter(([, value]) => value > 0);
  return [
    h("p", { class: "lead" }, badge(status), ` ${failureRate} % failed within ${count(windowMinutes)} minutes`),
    adviceOf(status, recommendations),
    facts([
      ["Failures in a row", count(failureCount)],
      ["Last event", lastEventAt === undefined ? "never" : timeOf(lastEventAt)],
      ["Last failure", lastFailureAt === undefined ? "never" : timeOf(lastFailureAt)],
      ["Held", heldOf(health)],
      ["Usual pause", silence && duration(silence.usualSeconds * 1000)],
      ...told.map(([name, value]) => /** @type {const} */ ([words(name), count(value)])),
    ]),
  ];
}

/**
 * @param {WebhookHealth["status"]} status
 * @param {readonly string[]} recommendations
 */
function adviceOf(status, recommendations) {
  if (recommendations.length > 0) {
    const items = recommendations.map((text) => h("li", {}, text));
    return h("ul", { class: "advice", "aria-label": "Recommendations" }, items);
  }
  if (status === "healthy") return h("p", { class: "quiet" }, "Nothing needs to be done.");
  return h("p", { class: "quiet" }, "Genuine deliveries arrive again: what failed leaves the window by itself.");
}

/** @param {RegistrationView} webhook */
function stepsOf({ setup }) {
  if (setup.length === 0) return null;
  return panel(
    "Set-up",
    h(
      "ol",
      { class: "steps" },
      setup.map((step) => h("li", {}, step)),
    ),
  );
}

/**
 * @param {readonly import("../../usecases/delivery-view").DeliveryView[]} rows
 * @param {string} registrationId
 */
function latestOf(rows, registrationId) {
  const all = h(
    "p",
    {},
    h("a", { href: linkTo("/deliveries", { registrationId }), id: "all-deliveries" }, "All deliveries of this webhook"),
  );
  if (rows.length === 0) return emptyState("Nothing arrived within the last hour.", all);
  return h("div", {}, table({ caption: "Latest deliveries", columns: deliveryColumns, rows }), all);
}
