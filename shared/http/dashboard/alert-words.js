import { h } from "./dom.js";
import { connectionAddress, connectionLink, webhookLink } from "./parts.js";
import { linkTo } from "./router.js";

/** @import { AlertView } from "../../usecases/list-alerts" */
/** @import { AlertCondition } from "../../core/alert" */
/** @typedef {typeof import("../../core/alert").alertConditions} Conditions */

/** The conditions that are watched, in the API's own words. @type {{ readonly [C in AlertCondition]: Conditions[C]["title"] }} */
export const conditionTitles = {
  health: "Health of a webhook",
  silent: "Webhook is silent",
  refused_rate: "Many deliveries are refused",
  dead_letters: "Events were given up",
  lease_not_renewed: "Renewing at the provider fails",
  secret_due: "A secret is to be changed",
  connection_needs_reauth: "Connection needs new credentials",
  queue_age: "Events wait in the queue",
  queue_dead_letters: "The queue has dead letters",
  canary_late: "The canary does not come through",
};

/** What each state of an alert means to whoever waits to be told. @type {Readonly<Record<AlertView["state"], string>>} */
export const stateWords = {
  rising: "seen once, told if it lasts",
  open: "open",
  falling: "not seen any more, over if that lasts",
  closed: "over",
};

/**
 * What an alert is about, and the way there.
 * @param {AlertView["subject"]} subject
 * @returns {HTMLElement | string}
 */
export function subjectOf({ kind, id }) {
  if (kind === "webhook") return webhookLink(id);
  return kind === "connection" ? connectionLink(...namesIn(id)) : `${kind} ${id}`;
}

/**
 * A connection is named as `integrationId/connectionId`; an integration's name has no slash.
 * @param {string} id
 * @returns {[integrationId: string, connectionId: string]}
 */
function namesIn(id) {
  const slash = id.indexOf("/");
  return [id.slice(0, slash), id.slice(slash + 1)];
}

/**
 * Where in the dashboard something can be done about it.
 * @param {AlertView} alert
 * @returns {HTMLElement | undefined}
 */
export function placeOf({ alertId, condition, subject: { kind, id } }) {
  const link = (/** @type {string} */ text, /** @type {string} */ href) =>
    h("a", { href, id: `place-${alertId}` }, text);
  if (condition === "refused_rate")
    return link("What was refused", linkTo("/deliveries", { registrationId: id, verdict: "refused" }));
  if (condition === "dead_letters")
    return link("What was given up", linkTo("/deliveries", { registrationId: id, outcome: "dead" }));
  if (condition === "queue_dead_letters") return link("What the queue gave up", "#/dead-letters");
  if (kind === "connection") return link("Give it new ones", connectionAddress(...namesIn(id)));
  return kind === "webhook" ? link("To the webhook", linkTo(`/webhooks/${id}`)) : undefined;
}

/**
 * Where the project's documentation says what to do.
 * @param {AlertCondition} condition
 * @returns {string}
 */
export function runbookOf(condition) {
  return `docs/operations.md#alert-${condition.replaceAll("_", "-")}`;
}
