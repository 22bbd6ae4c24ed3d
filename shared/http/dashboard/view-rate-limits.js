import { change, get } from "./api.js";
import { confirm } from "./dialog.js";
import { announce, h, refill, svg } from "./dom.js";
import { count } from "./format.js";
import { integrationChooser } from "./integration-chooser.js";
import { entered, field, timeOf } from "./parts.js";
import { poll } from "./poll.js";
import { problemBox } from "./problem.js";
import { goTo, linkTo } from "./router.js";
import { badge } from "./status.js";
import { panel, skeleton, table } from "./table.js";

/** @import { RateLevelView, RateStatusView } from "../../usecases/rate-limit-status" */

const SECONDS = 5;
const FIRST = "salesforce";
const operations = /** @type {const} */ (["fetch", "create", "update", "delete"]);

/** @type {import("./router.js").ViewBuilder} */
export function rateLimitsView({ params, signal }) {
  const integrationId = params["integrationId"] ?? FIRST;
  const path = `/rate-limits/${encodeURIComponent(integrationId)}`;
  const chooser = integrationChooser(integrationId, signal, (chosen) => goTo(linkTo(`/rate-limits/${chosen}`)));
  const levels = h("div", {}, skeleton(6));
  const form = h("div", {});
  let isFirst = true;
  const show = async () => {
    /** @type {RateStatusView} */
    const status = await get(`${path}/status`, { signal });
    refill(levels, ...levelsOf(status));
    if (isFirst) refill(form, formOf(status, path, show));
    isFirst = false;
  };
  poll(signal, SECONDS, async () => {
    try {
      await show();
    } catch (error) {
      if (!signal.aborted && isFirst) refill(levels, problemBox(error));
      throw error;
    }
  });
  return {
    title: "Rate limits",
    content: [chooser, panel("Calls within the last minute", levels), panel("Limits", form)],
  };
}

/**
 * @param {RateStatusView} status
 * @returns {HTMLElement[]}
 */
function levelsOf(status) {
  const rows = [
    /** @type {const} */ (["All calls to this provider", status]),
    ...operations.map((operation) => /** @type {const} */ ([`Of those, ${operation}`, status.operations[operation]])),
    /** @type {const} */ (["All calls of the tenant", status.tenant]),
  ];
  return [
    ...(status.adaptiveMultiplier < 1
      ? [
          h(
            "p",
            { class: "notice warn" },
            `The provider's own quota runs out, so ${status.adaptiveMultiplier * 100} % of the limits are used for now.`,
          ),
        ]
      : []),
    table({
      caption: "Calls within the last minute",
      rows,
      columns: [
        { title: "Level", cell: ([name]) => name },
        { title: "Made", kind: "number", cell: ([, level]) => count(level.requestsMade) },
        { title: "Limit", kind: "number", cell: ([, level]) => count(level.requestsPerMinute) },
        { title: "Used", kind: "wide", cell: ([, level]) => meterOf(level) },
        { title: "State", cell: ([, level]) => badge(level.isThrottled ? "waiting" : "free") },
        { title: "Empty again", kind: "wide", cell: ([, level]) => timeOf(level.windowResetAt) },
      ],
    }),
  ];
}

/** @param {RateLevelView} level */
function meterOf({ requestsMade, requestsPerMinute, isThrottled }) {
  const width = Math.min((requestsMade / requestsPerMinute) * 100, 100);
  return svg(
    "svg",
    {
      viewBox: "0 0 100 6",
      preserveAspectRatio: "none",
      class: "meter",
      role: "img",
      "aria-label": `${Math.round(width)} percent`,
    },
    svg("rect", { width: 100, height: 6, class: "track" }),
    svg("rect", { width, height: 6, class: isThrottled ? "warn" : "done" }),
  );
}

/**
 * @param {RateStatusView} status
 * @param {string} path
 * @param {() => Promise<void>} reload
 */
function formOf(status, path, reload) {
  const whole = (/** @type {RateLevelView} */ { requestsPerMinute }) =>
    Math.round(requestsPerMinute / status.adaptiveMultiplier);
  const input = (/** @type {string} */ name, /** @type {RateLevelView} */ level) =>
    h("input", { type: "number", id: `limit-${name}`, name, min: 1, max: 1_000_000, step: 1, value: whole(level) });
  const failure = h("div", {});
  const form = h(
    "form",
    { class: "limits" },
    field("All calls a minute", input("all", status)),
    ...operations.map((operation) => field(`Of those, ${operation}`, input(operation, status.operations[operation]))),
    failure,
    h("p", { class: "quiet" }, "What is left empty is the default again."),
    h(
      "div",
      { class: "buttons" },
      resetButton(path, reload),
      h("button", { type: "submit", class: "primary" }, "Save the limits"),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void save(form, failure, path, reload);
  });
  return form;
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement} failure
 * @param {string} path
 * @param {() => Promise<void>} reload
 */
async function save(form, failure, path, reload) {
  const { all, ...rest } = entered(form);
  const figures = Object.fromEntries(Object.entries(rest).map(([operation, value]) => [operation, Number(value)]));
  try {
    await change("PUT", `${path}/limit`, {
      ...(all === undefined ? {} : { requestsPerMinute: Number(all) }),
      operations: figures,
    });
    refill(failure);
    await reload();
    announce("The limits are saved.");
  } catch (error) {
    refill(failure, problemBox(error));
  }
}

/**
 * @param {string} path
 * @param {() => Promise<void>} reload
 */
function resetButton(path, reload) {
  const ask = () =>
    confirm({
      title: "Forget the calls that were counted?",
      body: [h("p", {}, "The limits count from nothing again. The provider's own quota is not changed by that.")],
      action: "Forget them",
      isDangerous: true,
      perform: async () => {
        await change("POST", `${path}/reset`);
        await reload();
        return "The counted calls are forgotten.";
      },
    });
  return h("button", { type: "button", onclick: ask }, "Reset the counts");
}
