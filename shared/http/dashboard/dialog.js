import { announce, h } from "./dom.js";
import { problemBox } from "./problem.js";

/**
 * @typedef {object} ConfirmOptions
 * @property {string} title
 * @property {readonly import("./dom.js").Child[]} body
 * @property {string} action the verb on the button
 * @property {boolean} [isDangerous]
 * @property {() => Promise<string | HTMLElement>} perform answers what to tell about it, or to show in the dialog's place
 */

/**
 * Asks before something is changed; a failure is told where it was asked. The focus goes back to where it came from.
 * @param {ConfirmOptions} options
 */
export function confirm({ title, body, action, isDangerous = false, perform }) {
  const content = h("div", {}, ...body);
  const failure = h("div", {});
  const go = h(
    "button",
    { type: "button", class: isDangerous ? "danger" : "primary", onclick: () => void run() },
    action,
  );
  const cancel = h("button", { type: "button" }, "Cancel");
  const dialog = h(
    "dialog",
    { "aria-labelledby": "dialog-title" },
    h("h2", { id: "dialog-title" }, title),
    content,
    failure,
    h("div", { class: "buttons" }, cancel, go),
  );
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());

  async function run() {
    go.disabled = true;
    try {
      const done = await perform();
      if (typeof done === "string") {
        dialog.close();
        announce(done);
        return;
      }
      content.replaceChildren(done);
      failure.replaceChildren();
      go.remove();
      cancel.textContent = "Close";
      cancel.focus();
    } catch (error) {
      failure.replaceChildren(problemBox(error));
      go.disabled = false;
    }
  }

  document.body.append(dialog);
  dialog.showModal();
}
