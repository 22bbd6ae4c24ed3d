import { ApiError, get } from "./api.js";
import { announce, h, refill } from "./dom.js";
import { problemBox } from "./problem.js";

/**
 * @typedef {object} SavingFormOptions
 * @property {readonly HTMLElement[]} elements
 * @property {string} action the verb on the button
 * @property {() => Promise<string>} save shows what came of it, and answers what to tell about it
 */

/**
 * A form that is saved as a whole; what went wrong is told where it was typed, and nothing of that is lost.
 * @param {SavingFormOptions} options
 * @returns {HTMLElement}
 */
export function savingForm({ elements, action, save }) {
  const failure = h("div", {});
  const button = h("button", { type: "submit", id: "save", class: "primary" }, action);
  const form = h("form", { class: "saving" }, elements, failure, h("div", { class: "buttons" }, button));
  let isSaving = false;

  async function submit() {
    if (isSaving) return;
    isSaving = true;
    try {
      announce(await save());
    } catch (error) {
      refill(failure, problemBox(error));
    }
    isSaving = false;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  return form;
}

/**
 * Saving creates or replaces. Whoever means to create something should not replace what has the same name.
 * @param {string} path
 * @throws {ApiError} `document_exists`
 */
export async function demandUnused(path) {
  try {
    await get(path);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return;
    throw error;
  }
  throw new ApiError(409, "document_exists", "There is one of this name already.");
}
