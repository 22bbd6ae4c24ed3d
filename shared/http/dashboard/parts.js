import { serverNow } from "./api.js";
import { h } from "./dom.js";
import { fullTime, moment } from "./format.js";
import { linkTo } from "./router.js";
import { badge, resultOf } from "./status.js";

/** @import { DeliveryView } from "../../usecases/delivery-view" */

/**
 * A time: short to read, whole to hover.
 * @param {string} at
 * @returns {HTMLElement}
 */
export function timeOf(at) {
  return h("time", { datetime: at, title: fullTime(at) }, moment(at, serverNow()));
}

/**
 * An id too long to be read, shortened in the middle, where a link leads to what it names.
 * @param {string} registrationId
 * @returns {HTMLElement}
 */
export function webhookLink(registrationId) {
  const short =
    registrationId.length > 26 ? `${registrationId.slice(0, 12)}…${registrationId.slice(-8)}` : registrationId;
  return h("a", { href: linkTo(`/webhooks/${registrationId}`), title: registrationId, class: "code" }, short);
}

/**
 * The address of the view of a connection.
 * @param {string} integrationId
 * @param {string} connectionId
 * @returns {string}
 */
export function connectionAddress(integrationId, connectionId) {
  return linkTo(`/connections/${encodeURIComponent(integrationId)}/${encodeURIComponent(connectionId)}`);
}

/**
 * @param {string} integrationId
 * @param {string} connectionId
 * @returns {HTMLElement}
 */
export function connectionLink(integrationId, connectionId) {
  return h("a", { href: connectionAddress(integrationId, connectionId) }, connectionId);
}

/** How deliveries are listed everywhere. @type {readonly import("./table.js").Column<DeliveryView>[]} */
export const deliveryColumns = [
  {
    title: "Received",
    cell: ({ deliveryId, receivedAt }) =>
      h("a", { href: linkTo(`/deliveries/${deliveryId}`), id: `at-${deliveryId}` }, timeOf(receivedAt)),
  },
  { title: "Result", cell: (delivery) => badge(resultOf(delivery)) },
  { title: "Event", cell: ({ eventName }) => eventName ?? "–" },
  { title: "Record", kind: "wide", cell: ({ entityId }) => entityId ?? "–" },
  { title: "Why", cell: ({ reason }) => reason ?? "" },
  { title: "Integration", kind: "wide", cell: ({ integrationId }) => integrationId },
];

/** The same among deliveries of several webhooks. @type {typeof deliveryColumns} */
export const tenantDeliveryColumns = [
  ...deliveryColumns,
  { title: "Webhook", kind: "wide", cell: ({ registrationId }) => webhookLink(registrationId) },
];

/**
 * What a list says that has nothing to show, and what to do about it.
 * @param {string} title
 * @param {...import("./dom.js").Child} children
 * @returns {HTMLElement}
 */
export function emptyState(title, ...children) {
  return h("div", { class: "empty" }, h("p", {}, h("strong", {}, title)), ...children);
}

/**
 * A field of a filter.
 * @param {string} label
 * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} control
 * @returns {HTMLElement}
 */
export function field(label, control) {
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control);
}

/**
 * A choice, one of which is chosen.
 * @param {string} name
 * @param {readonly (readonly [value: string, text: string])[]} choices
 * @param {string} chosen
 * @returns {HTMLSelectElement}
 */
export function select(name, choices, chosen) {
  return h(
    "select",
    { id: name, name },
    choices.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
  );
}

/**
 * What was entered in a form, without what was left empty.
 * @param {HTMLFormElement} form
 * @returns {Record<string, string>}
 */
export function entered(form) {
  /** @type {Record<string, string>} */
  const texts = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value.trim() !== "") texts[name] = value.trim();
  }
  return texts;
}

/**
 * A filter that is part of the address: it can be linked to, and gone back from.
 * @param {(entered: Record<string, string>) => void} apply
 * @param {...HTMLElement} fields
 * @returns {HTMLElement}
 */
export function filterForm(apply, ...fields) {
  const form = h(
    "form",
    { class: "filter", role: "search" },
    ...fields,
    h("button", { type: "submit", class: "primary" }, "Search"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply(entered(form));
  });
  return form;
}
