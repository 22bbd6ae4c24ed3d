import { get } from "./api.js";
import { h, refill } from "./dom.js";
import { field, select } from "./parts.js";

/** @import { Overview } from "../../usecases/overview" */

/**
 * A choice among all integrations that there are. Until they are known, or if they cannot be, it is the chosen one alone.
 * @param {string} chosen
 * @param {AbortSignal} signal
 * @param {(integrationId: string) => void} choose
 * @returns {HTMLElement}
 */
export function integrationChooser(chosen, signal, choose) {
  const element = h("div", { class: "filter" });
  /** @param {Overview["integrations"]} integrations */
  const show = (integrations) => {
    const choices = integrations.map(
      ({ integrationId, displayName }) => /** @type {const} */ ([integrationId, displayName]),
    );
    const control = select("integration", choices, chosen);
    control.addEventListener("change", () => choose(control.value));
    refill(element, field("Integration", control));
  };
  /** @type {Promise<Overview>} */
  const asked = get("/overview", { signal });
  show([{ integrationId: chosen, displayName: chosen }]);
  void asked.then(
    ({ integrations }) => show(integrations),
    () => undefined,
  );
  return element;
}
