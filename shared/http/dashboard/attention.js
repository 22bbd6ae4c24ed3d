import { h } from "./dom.js";
import { count, counted } from "./format.js";
import { webhookLink } from "./parts.js";
import { linkTo } from "./router.js";
import { badge, shapeOf } from "./status.js";

/** @import { AlertPage } from "../../usecases/list-alerts" */
/** @import { TenantSummary } from "../../core/tenant-summary" */

/**
 * How many alerts are open, and the way to them.
 * @param {AlertPage} page the first one
 * @returns {HTMLElement}
 */
export function alertsHint({ alerts, nextCursor }) {
  const open = alerts.filter(({ state }) => state !== "rising");
  if (open.length === 0) return h("p", {}, shapeOf("good"), " No alert is open.");
  const critical = open.filter(({ severity }) => severity === "critical").length;
  const many = nextCursor === undefined ? "" : "More than ";
  const tone = critical > 0 ? "bad" : "warn";
  return h(
    "p",
    {},
    shapeOf(tone),
    " ",
    h("a", { href: "#/alerts", id: "open-alerts" }, `${many}${counted(open.length, "alert")} open`),
    critical > 0 && `, ${count(critical)} critical`,
  );
}

/**
 * The webhooks that somebody should look at, and why.
 * @param {TenantSummary} summary
 * @returns {import("./dom.js").Child[]}
 */
export function attention({ troubled, webhooks }) {
  const unseen = webhooks.unseen > 0 && unseenHint(webhooks.unseen);
  if (troubled.length === 0) return [unseen || h("p", {}, shapeOf("good"), " Every webhook is healthy.")];
  const more = webhooks.degraded + webhooks.failed - troubled.length;
  return [
    h(
      "ul",
      { class: "attention" },
      troubled.map(({ registrationId, integrationId, status, advice }) =>
        h(
          "li",
          {},
          badge(status),
          h("span", {}, h("strong", {}, integrationId), " ", webhookLink(registrationId)),
          h("p", {}, advice ?? ""),
        ),
      ),
    ),
    more > 0 &&
      h("p", {}, h("a", { href: linkTo("/webhooks", { health: "degraded,failed" }) }, `And ${counted(more, "other")}`)),
    unseen,
  ];
}

/** @param {number} unseen */
function unseenHint(unseen) {
  return h("p", {}, shapeOf("warn"), ` ${counted(unseen, "webhook")} could not be looked at; the log says why.`);
}
