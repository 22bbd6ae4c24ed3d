import { change, get } from "./api.js";
import { confirm } from "./dialog.js";
import { h, refill } from "./dom.js";
import { counted, valueText, words } from "./format.js";
import { timeOf } from "./parts.js";
import { problemBox } from "./problem.js";
import { badge } from "./status.js";
import { facts, panel, skeleton } from "./table.js";

/** @import { ConflictView } from "../../usecases/list-conflicts" */
/** @typedef {"local" | "remote"} Side */

/** @type {Readonly<Record<Side, string>>} */
const sides = { local: "Castiel", remote: "the provider" };

/** @type {import("./router.js").ViewBuilder} */
export function conflictView({ params, signal }) {
  const path = `/conflicts/${encodeURIComponent(params["conflictId"] ?? "")}`;
  const content = h("div", {}, skeleton(6));
  const show = async () => {
    try {
      /** @type {ConflictView} */
      const conflict = await get(path, { signal });
      refill(content, aboutOf(conflict), comparisonOf(conflict, path, show));
    } catch (error) {
      if (!signal.aborted) refill(content, problemBox(error, show));
    }
  };
  void show();
  return { title: "Conflict", content: [content] };
}

/** @param {ConflictView} conflict */
function aboutOf({ status, kind, integrationId, entityType, externalId, shardTypeId, detectedAt, settled }) {
  return h(
    "section",
    { class: "panel", "aria-label": "About this conflict" },
    facts([
      ["Status", badge(status)],
      ["Kind", words(kind)],
      ["Record", `${entityType} ${externalId}`],
      ["Integration", integrationId],
      ["Shown as", shardTypeId],
      ["Since", timeOf(detectedAt)],
      ["Settled", settled && ["by ", settled.by, ", ", timeOf(settled.at)]],
    ]),
  );
}

/**
 * Both sides beside each other, field by field, with a choice where the conflict is open.
 * @param {ConflictView} conflict
 * @param {string} path
 * @param {() => Promise<void>} reload
 */
function comparisonOf({ status, kind, fields }, path, reload) {
  const isOpen = status === "open";
  const isDeletion = kind.startsWith("deleted");
  const rows = Object.entries(fields).map(([name, { base, local, remote }]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      h("td", {}, valueOf(base)),
      h("td", { class: "side" }, choiceOf(name, "local", local, isOpen && !isDeletion)),
      h("td", { class: "side" }, choiceOf(name, "remote", remote, isOpen && !isDeletion)),
    ),
  );
  const heads = ["Field", "Before", "Castiel", "The provider"].map((title) => h("th", { scope: "col" }, title));
  const form = h(
    "form",
    {},
    h(
      "div",
      { class: "scroller", tabindex: 0, role: "region", "aria-label": "Both sides" },
      h(
        "table",
        { class: "sides" },
        h("caption", { class: "visually-hidden" }, "Both sides, field by field"),
        h("thead", {}, h("tr", {}, heads)),
        h("tbody", {}, rows),
      ),
    ),
    isOpen && buttonsOf(path, reload, isDeletion),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = /** @type {Record<string, Side>} */ (Object.fromEntries(new FormData(form)));
    ask(
      path,
      reload,
      { fields: chosen },
      `Take ${counted(Object.keys(chosen).length, "field")} as chosen. Fields that are not chosen stay open.`,
    );
  });
  return panel(
    "Side by side",
    isDeletion && h("p", {}, `The record was ${words(kind)}: what the other side changed is below.`),
    form,
  );
}

/**
 * @param {string} path
 * @param {() => Promise<void>} reload
 * @param {boolean} isDeletion
 */
function buttonsOf(path, reload, isDeletion) {
  const all = (/** @type {Side} */ side) =>
    h(
      "button",
      {
        type: "button",
        onclick: () => ask(path, reload, { take: side }, `Take everything as it is at ${sides[side]}.`),
      },
      `Take all from ${sides[side]}`,
    );
  return h(
    "div",
    { class: "buttons" },
    all("local"),
    all("remote"),
    !isDeletion && h("button", { type: "submit", class: "primary" }, "Resolve as chosen"),
  );
}

/**
 * @param {string} path
 * @param {() => Promise<void>} reload
 * @param {object} resolution
 * @param {string} what
 */
function ask(path, reload, resolution, what) {
  confirm({
    title: "Resolve this conflict?",
    body: [
      h("p", {}, what),
      h("p", { class: "quiet" }, "What stands in Castiel is written back to the provider where that is set up."),
    ],
    action: "Resolve",
    perform: async () => {
      await change("POST", `${path}/resolve`, resolution);
      await reload();
      return "The conflict is resolved.";
    },
  });
}

/**
 * @param {string} name
 * @param {Side} side
 * @param {unknown} value
 * @param {boolean} isOpen
 */
function choiceOf(name, side, value, isOpen) {
  if (!isOpen) return valueOf(value);
  const radio = h("input", {
    type: "radio",
    name,
    value: side,
    "aria-label": `${name} from ${sides[side]}: ${valueText(value)}`,
  });
  return h("label", { class: "choice" }, radio, valueOf(value));
}

/** @param {unknown} value */
function valueOf(value) {
  return h("span", { class: value === undefined || value === null ? "value quiet" : "value" }, valueText(value));
}
