import { change } from "./api.js";
import { confirm } from "./dialog.js";
import { h } from "./dom.js";
import { count, counted } from "./format.js";
import { timeOf } from "./parts.js";

/** @import { RegistrationView } from "../../usecases/registration-view" */
/** @import { WebhookHealth } from "../../core/health" */

const steps = /** @type {const} */ ({
  pause: {
    name: "Pause",
    title: "Pause this webhook?",
    text: "Deliveries are accepted and held, within bounds, until it is resumed.",
    done: "The webhook is paused.",
  },
  resume: {
    name: "Resume",
    title: "Resume this webhook?",
    text: "What is held is queued in the order in which it came.",
    done: "The webhook is resumed.",
  },
});

/**
 * What is held of a webhook, and the bounds of that; nothing where it is not paused.
 * @param {Pick<WebhookHealth, "heldCount" | "heldAtMost">} health
 * @returns {import("./dom.js").Child[] | undefined}
 */
export function heldOf({ heldCount, heldAtMost }) {
  if (heldCount === undefined || heldAtMost === undefined) return undefined;
  const { events, until } = heldAtMost;
  return [`${counted(heldCount, "event")} of at most ${count(events)}, until `, timeOf(until)];
}

/**
 * Holds what a webhook receives, or lets it go on.
 * @param {RegistrationView} webhook
 * @param {() => Promise<void>} reload
 * @returns {HTMLElement}
 */
export function pauseButton({ registrationId, pause }, reload) {
  const step = pause ? "resume" : "pause";
  const { name, title, text, done } = steps[step];
  const ask = () =>
    confirm({
      title,
      body: [h("p", {}, text)],
      action: name,
      perform: async () => {
        await change("POST", `/webhooks/${registrationId}/${step}`);
        await reload();
        return done;
      },
    });
  return h("div", { class: "buttons" }, h("button", { type: "button", id: "pause", onclick: ask }, name));
}
