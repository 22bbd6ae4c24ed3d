import { get } from "./api.js";
import { discardButton, replayButton } from "./delivery-actions.js";
import { h, update } from "./dom.js";
import { count, duration, words } from "./format.js";
import { timeOf, webhookLink } from "./parts.js";
import { poll } from "./poll.js";
import { problemBox } from "./problem.js";
import { linkTo } from "./router.js";
import { badge, resultOf } from "./status.js";
import { facts, panel, skeleton, table } from "./table.js";

/** @import { DoorReplay } from "../../core/delivery" */
/** @import { DeliveryDetails } from "../../usecases/delivery-view" */

const SECONDS = 5;

/** @type {import("./router.js").ViewBuilder} */
export function deliveryView({ params, signal }) {
  const content = h("div", {}, skeleton(8));
  const show = async () => {
    try {
      /** @type {DeliveryDetails} */
      const delivery = await get(`/deliveries/${encodeURIComponent(params["deliveryId"] ?? "")}`, { signal });
      update(content, delivery, () => partsOf(delivery, show));
    } catch (error) {
      if (!signal.aborted) update(content, String(error), () => [problemBox(error)]);
      throw error;
    }
  };
  poll(signal, SECONDS, show);
  return { title: "Delivery", content: [content] };
}

/**
 * @param {DeliveryDetails} delivery
 * @param {() => Promise<void>} reload
 * @returns {HTMLElement[]}
 */
function partsOf(delivery, reload) {
  return [
    aboutOf(delivery, reload),
    ...whyOf(delivery),
    ...payloadOf(delivery),
    ...bodyOf(delivery),
    ...taskOf(delivery),
    ...replaysOf(delivery),
    ...requestOf(delivery),
  ];
}

/**
 * @param {DeliveryDetails} delivery
 * @param {() => Promise<void>} reload
 */
function aboutOf(delivery, reload) {
  const { receivedAt, eventName, eventNames, entityType, entityId, integrationId, attempts, change, latencyMs } =
    delivery;
  return h(
    "section",
    { class: "panel", "aria-label": "About this delivery" },
    facts([
      ["Result", badge(resultOf(delivery))],
      ["Received", timeOf(receivedAt)],
      ["Event", eventName ?? eventNames?.join(", ")],
      ["Provider's name", delivery.nativeType],
      ["Record", entityId && `${entityType ?? ""} ${entityId}`],
      ["Webhook", [integrationId, " ", webhookLink(delivery.registrationId)]],
      ["Provider's delivery", delivery.sourceDeliveryId && h("code", {}, delivery.sourceDeliveryId)],
      ["Attempts", attempts],
      ["Effect", change],
      ["Took", latencyMs === undefined ? undefined : duration(latencyMs)],
      ["Code", delivery.reason && h("code", {}, delivery.reason)],
      ["Trace", delivery.traceId && h("code", {}, delivery.traceId)],
    ]),
    delivery.replayable &&
      h(
        "div",
        { class: "buttons" },
        delivery.outcome === "dead" && discardButton(delivery.deliveryId, reload),
        replayButton(delivery, reload),
      ),
  );
}

/** @param {DeliveryDetails} delivery */
function replaysOf({ replays = [] }) {
  if (replays.length === 0) return [];
  const replayTable = table({
    caption: "Replays",
    rows: replays,
    columns: [
      { title: "Asked for", cell: ({ requestedAt }) => timeOf(requestedAt) },
      { title: "Result", cell: (replay) => ("deliveries" in replay ? eventLinks(replay) : badge(replay.outcome)) },
      { title: "By", cell: ({ requestedBy }) => requestedBy },
      {
        title: "Attempts",
        kind: "number",
        cell: (replay) => ("attempts" in replay ? count(replay.attempts) : ""),
      },
      { title: "Why", cell: (replay) => ("reason" in replay ? (replay.reason ?? "") : "") },
    ],
  });
  return [panel("Replays", replayTable)];
}

/**
 * What had ended at the door has lines of its own for its events since it was replayed.
 * @param {DoorReplay} replay
 * @returns {(HTMLElement | string)[]}
 */
function eventLinks({ deliveries }) {
  return deliveries.flatMap((deliveryId, index) => [
    index === 0 ? "" : ", ",
    h("a", { href: linkTo(`/deliveries/${deliveryId}`) }, `Event ${index + 1}`),
  ]);
}

/** @param {DeliveryDetails} delivery */
function whyOf({ verdict, explanation, reason, detail }) {
  if (explanation === undefined && (reason === undefined || verdict === "accepted")) return [];
  return [
    panel(
      verdict === "refused" ? "Why it was refused" : "Why it ended here",
      h("p", { class: "lead" }, explanation ?? detail ?? words(reason ?? "")),
    ),
  ];
}

/** @param {DeliveryDetails} delivery */
function payloadOf({ verdict, event }) {
  if (event)
    return [
      panel("Event", h("pre", { tabindex: 0, "aria-label": "The event as JSON" }, JSON.stringify(event, undefined, 2))),
    ];
  return verdict === "accepted"
    ? [panel("Event", h("p", { class: "quiet" }, "The event is not kept any more, or the settings keep none."))]
    : [];
}

/** @param {DeliveryDetails} delivery */
function bodyOf({ body, bodyEncoding }) {
  if (body === undefined) return [];
  const what = bodyEncoding === "base64" ? "It is no text, and shown in base64." : "Byte for byte as it was sent.";
  return [
    panel(
      "Body",
      h("p", { class: "quiet" }, `${what} The webhook's secrets are masked in it.`),
      h("pre", { tabindex: 0, "aria-label": "The body as it was sent" }, body),
    ),
  ];
}

/** @param {DeliveryDetails} delivery */
function taskOf({ syncTask }) {
  if (!syncTask) return [];
  const { taskId, status, phases = {} } = syncTask;
  const pairs = Object.entries(phases).map(([phase, ms]) => /** @type {const} */ ([words(phase), duration(ms)]));
  return [
    panel(
      "Synchronisation",
      facts([
        ["Status", badge(status)],
        ["Task", h("a", { href: linkTo(`/sync-tasks/${taskId}`) }, "All about it")],
        ...pairs,
      ]),
    ),
  ];
}

/** @param {DeliveryDetails} delivery */
function requestOf({ request }) {
  if (!request) return [];
  const headers = table({
    caption: "Headers of the request",
    rows: Object.entries(request.headers),
    columns: [
      { title: "Header", kind: "code", cell: ([name]) => name },
      { title: "Value", kind: "code", cell: ([, value]) => value },
    ],
  });
  return [
    panel(
      "Request",
      h("p", { class: "quiet" }, `A body of ${count(request.bodyBytes)} bytes. Values that hold a proof are masked.`),
      headers,
    ),
  ];
}
