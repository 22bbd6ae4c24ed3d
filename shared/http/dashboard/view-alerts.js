import { channelsPanel } from "./alert-channels.js";
import { placeOf, runbookOf, stateWords, subjectOf, titleOf } from "./alert-words.js";
import { get } from "./api.js";
import { h } from "./dom.js";
import { pager } from "./pager.js";
import { emptyState, field, filterForm, select, timeOf } from "./parts.js";
import { goTo, linkTo } from "./router.js";
import { badge } from "./status.js";

/** @import { AlertPage, AlertView } from "../../usecases/list-alerts" */

const SECONDS = 10;
const PAGE = 100;

const choices = /** @type {const} */ ({
  ended: [
    ["", "wrong now"],
    ["true", "ended lately"],
  ],
  service: [
    ["", "your own"],
    ["true", "the whole service"],
  ],
});

/** @type {readonly import("./table.js").Column<AlertView>[]} */
const columns = [
  {
    title: "Alert",
    cell: ({ condition, severity }) => [h("div", { class: "long" }, titleOf(condition)), badge(severity)],
  },
  { title: "Cause and next step", cell: explain },
  { title: "About", kind: "code", cell: ({ subject }) => subjectOf(subject) },
  {
    title: "Since",
    cell: ({ since, endedAt, state }) => [
      h("div", {}, timeOf(since)),
      endedAt !== undefined && h("div", {}, "until ", timeOf(endedAt)),
      h("div", { class: "quiet" }, stateWords[state]),
    ],
  },
];

/** @type {import("./router.js").ViewBuilder} */
export function alertsView({ query, signal }) {
  const search = Object.fromEntries(query);
  const list = pager({
    signal,
    caption: "Alerts",
    columns,
    seconds: SECONDS,
    load: async (cursor) => {
      /** @type {AlertPage} */
      const { alerts, nextCursor } = await get("/alerts", { query: { ...search, limit: PAGE, cursor }, signal });
      const isOver = search["ended"] === "true";
      const rows = isOver ? alerts : [...alerts].sort((one, other) => (one.since < other.since ? 1 : -1));
      return { rows, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    empty: () => emptyOf(search),
  });
  const filter = filterForm(
    (entered) => goTo(linkTo("/alerts", entered)),
    field("What", select("ended", choices.ended, search["ended"] ?? "")),
    field("Of", select("service", choices.service, search["service"] ?? "")),
  );
  return { title: "Alerts", content: [filter, list.element, channelsPanel(signal)] };
}

/** @param {AlertView} alert */
function explain(alert) {
  const place = placeOf(alert);
  return h(
    "div",
    { class: "explained" },
    h("p", {}, alert.cause),
    h("p", { class: "quiet" }, "Next step: ", alert.nextStep),
    h("p", { class: "quiet" }, place, place && ". ", "Runbook: ", h("code", {}, runbookOf(alert.condition))),
  );
}

/** @param {Record<string, string>} search */
function emptyOf(search) {
  if (search["ended"] === "true")
    return emptyState(
      "Nothing was wrong within 30 days.",
      h("p", {}, h("a", { href: "#/alerts" }, "What is wrong now")),
    );
  return emptyState(
    "Nothing is wrong.",
    h(
      "p",
      {},
      "The health timer looks every few minutes; what lasts is told to the channels below. ",
      h("a", { href: linkTo("/alerts", { ...search, ended: "true" }) }, "What was wrong"),
    ),
  );
}
