import { h } from "./dom.js";
import { connectionAddress, connectionLink, webhookLink } from "./parts.js";
import { linkTo } from "./router.js";

/** @import { AlertView } from "../../usecases/list-alerts" */
/** @import { AlertCondition } from "../../core/alert" */
/** @typedef {typeof import("../../core/alert").alertConditions} Conditions */

/**
 * The conditions that are watched, in the API's own words, and whose affair each is.
 * @type {{ readonly [C in AlertCondition]: Pick<Conditions[C], "title" | "audience"> }}
 */
const conditions = {
  health: { title: "Health of a webhook", audience: "tenant" },
  silent: { title: "Webhook is silent", audience: "tenant" },
  refused_rate: { title: "Many deliveries are refused", audience: "tenant" },
  dead_letters: { title: "Events were given up", audience: "tenant" },
  lease_not_renewed: { title: "Renewing at the provider fails", audience: "tenant" },
  secret_due: { title: "A secret is to be changed", audience: "tenant" },
  connection_needs_reauth: { title: "Connection needs new credentials", audience: "tenant" },
  queue_age: { title: "Events wait in the queue", audience: "operator" },
  queue_dead_letters: { title: "The queue has dead letters", audience: "operator" },
  canary_late: { title: "The canary does not come through", audience: "operator" },
};

/**
 * @param {AlertCondition} condition
 * @returns {string}
 */
export function titleOf(condition) {
  return conditions[condition].title;
}

/**
 * The conditions to choose from; a tenant's channels are never told of those of the service.
 * @returns {(readonly [condition: string, text: string])[]}
 */
export function conditionChoices() {
  return Object.entries(conditions).map(([condition, { title, audience }]) => [
    condition,
    audience === "operator" ? `${title} (the service)` : title,
  ]);
}

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
