import { ApiError } from "./api.js";
import { h } from "./dom.js";

/**
 * An error in one line.
 * @param {ApiError} error
 * @returns {string}
 */
export function problemText({ message, code }) {
  return `${message} (${code})`;
}

/** What to do about codes whose words do not say it. @type {Readonly<Record<string, string>>} */
const nextSteps = {
  forbidden:
    "Changing something needs a token with the scope webhooks.write; what is of the service or of another tenant needs an operator's.",
};

/**
 * What went wrong, in the API's words, with its stable code.
 * @param {unknown} error
 * @param {() => unknown} [again] offers another attempt
 * @returns {HTMLElement}
 */
export function problemBox(error, again) {
  const known = error instanceof ApiError ? error : new ApiError(0, "page_error", String(error));
  return h(
    "div",
    { class: "notice bad", role: "alert" },
    h("p", {}, h("strong", {}, known.message)),
    known.problems.length > 0 &&
      h(
        "ul",
        {},
        known.problems.map(({ path, message }) => h("li", {}, h("code", {}, path), ` ${message}`)),
      ),
    nextSteps[known.code] !== undefined && h("p", {}, nextSteps[known.code]),
    h("p", { class: "quiet" }, "Code ", h("code", {}, known.code), known.status > 0 && `, status ${known.status}`),
    again && h("button", { type: "button", onclick: again }, "Try again"),
  );
}
