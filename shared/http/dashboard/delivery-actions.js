import { change } from "./api.js";
import { confirm } from "./dialog.js";
import { h } from "./dom.js";

/** @import { DeliveryDetails } from "../../usecases/delivery-view" */

/** What can be done about a delivery, each after a question. */

const onceMore = "Its event is queued once more and marked as a replay.";
const verifiedAnew =
  "What is kept of it is verified with the present secret of its webhook. If that proves it, its events are queued and marked as a replay.";

/**
 * @param {Pick<DeliveryDetails, "deliveryId" | "verdict">} delivery
 * @param {() => Promise<void>} reload
 * @returns {HTMLElement}
 */
export function replayButton({ deliveryId, verdict }, reload) {
  const ask = () =>
    confirm({
      title: "Replay this delivery?",
      body: [
        h("p", {}, verdict === "accepted" ? onceMore : verifiedAnew),
        h("p", { class: "quiet" }, "A record that is newer by now is left as it is."),
      ],
      action: "Replay",
      perform: async () => {
        await change("POST", `/deliveries/${deliveryId}/replay`);
        await reload();
        return "The replay is queued.";
      },
    });
  return h("button", { type: "button", id: "replay", class: "primary", onclick: ask }, "Replay");
}

/**
 * @param {string} deliveryId
 * @param {() => Promise<void>} reload
 * @returns {HTMLElement}
 */
export function discardButton(deliveryId, reload) {
  const ask = () =>
    confirm({
      title: "Discard this event?",
      body: [h("p", {}, "Its event is deleted and cannot be replayed any more. The line in the log stays.")],
      action: "Discard",
      isDangerous: true,
      perform: async () => {
        await change("POST", `/deliveries/${deliveryId}/discard`);
        await reload();
        return "The event is discarded.";
      },
    });
  return h("button", { type: "button", id: "discard", class: "danger", onclick: ask }, "Discard");
}
