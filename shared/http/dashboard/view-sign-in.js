import { ApiError, get } from "./api.js";
import { byId, h, refill } from "./dom.js";
import { problemBox } from "./problem.js";
import { forgetToken, keepToken } from "./session.js";

/**
 * Asks for a token, and goes on once it counts.
 * @param {() => void} enter
 * @param {string} [why] it is asked for
 */
export function showSignIn(enter, why) {
  document.title = "Sign in · Castiel Webhooks";
  const failure = h("div", {}, why !== undefined && h("p", { class: "notice warn", role: "alert" }, why));
  const input = h("input", { type: "password", id: "token", autocomplete: "off", required: true, spellcheck: "false" });
  const button = h("button", { type: "submit", class: "primary" }, "Sign in");
  const form = h(
    "form",
    { class: "sign-in panel", onsubmit: (event) => void submit(event) },
    h("h1", { tabindex: -1 }, "Castiel Webhooks"),
    failure,
    h("label", { for: "token" }, "API token or JWT"),
    input,
    h(
      "p",
      { class: "quiet" },
      "It stays in this tab and is sent to this gateway alone. A gateway on your own machine without settings takes ",
      h("code", {}, "test-token"),
      ".",
    ),
    button,
  );

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    keepToken(input.value.trim());
    try {
      await get("/webhooks", { query: { limit: 1 } });
      enter();
    } catch (error) {
      forgetToken();
      const isWrong = error instanceof ApiError && error.status === 401;
      refill(failure, problemBox(isWrong ? new ApiError(401, error.code, "This token does not count here.") : error));
      button.disabled = false;
      input.select();
      input.focus();
    }
  }

  refill(byId("main"), form);
  input.focus();
}
