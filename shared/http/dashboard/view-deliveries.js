import { change, get, serverNow } from "./api.js";
import { confirm } from "./dialog.js";
import { announce, h } from "./dom.js";
import { counted } from "./format.js";
import { emptyState, field, filterForm, select, tenantDeliveryColumns } from "./parts.js";
import { pager } from "./pager.js";
import { poll } from "./poll.js";
import { goTo, linkTo } from "./router.js";

/** @import { DeliveryPage } from "../../usecases/list-deliveries" */
/** @import { ReplayView } from "../../usecases/replay-view" */

const NEWER_SECONDS = 10;
const MOST_NEWER = 200;

const verdicts = /** @type {const} */ ([
  ["", "any"],
  ["accepted", "accepted"],
  ["refused", "refused"],
  ["duplicate", "duplicate"],
  ["ignored", "ignored"],
  ["handshake", "handshake"],
  ["rate_limited", "rate limited"],
]);
const outcomes = /** @type {const} */ ([
  ["", "any"],
  ["synchronised", "synchronised"],
  ["held", "held"],
  ["retrying", "retrying"],
  ["dead", "dead"],
  ["discarded", "discarded"],
]);
const texts = /** @type {const} */ ([
  ["eventName", "Event"],
  ["entityType", "Type"],
  ["entityId", "Record"],
  ["integrationId", "Integration"],
  ["registrationId", "Webhook"],
  ["deliveryId", "Id at the provider"],
  ["replayId", "Replay"],
]);
const times = /** @type {const} */ ([
  ["since", "From"],
  ["until", "To"],
]);

/** @type {import("./router.js").ViewBuilder} */
export function deliveriesView({ query, signal }) {
  const search = Object.fromEntries(query);
  /**
   * @param {import("./api.js").Query} more
   * @returns {Promise<DeliveryPage>}
   */
  const ask = (more) => get("/deliveries", { query: { ...search, ...more }, signal });
  let loadedAt = serverNow();
  const list = pager({
    signal,
    caption: "Deliveries",
    columns: tenantDeliveryColumns,
    load: async (cursor) => {
      if (cursor === undefined) loadedAt = serverNow();
      const { deliveries, nextCursor } = await ask({ limit: 50, cursor });
      return { rows: deliveries, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    empty: () =>
      emptyState(
        "No delivery is like that.",
        h(
          "p",
          {},
          "The log reaches back as far as deliveries are kept. ",
          h("a", { href: "#/deliveries" }, "All deliveries"),
        ),
      ),
  });
  const newer = h("button", { type: "button", hidden: true, onclick: () => void showNewer() });

  // Rows do not move under whoever reads them: what is new is offered.
  async function showNewer() {
    newer.hidden = true;
    await list.reload();
    announce("The list is up to date.");
  }

  if (!query.has("until")) {
    poll(signal, NEWER_SECONDS, async () => {
      const { deliveries } = await ask({ since: new Date(loadedAt).toISOString(), limit: MOST_NEWER });
      const many = deliveries.length === MOST_NEWER ? "more than " : "";
      newer.textContent = `Show ${many}${counted(deliveries.length, "newer line")}`;
      newer.hidden = deliveries.length === 0;
    });
  }
  return { title: "Deliveries", content: [filterOf(search), newer, list.element, planOf(search)] };
}

/**
 * A replay of all that the search finds: first a plan, which says how many those are.
 * @param {Record<string, string>} search
 */
function planOf(search) {
  const ask = () =>
    confirm({
      title: "Plan a replay of all that this search finds?",
      body: [h("p", {}, "A plan counts them and shows the oldest. Nothing is replayed until you run it.")],
      action: "Plan it",
      perform: async () => {
        /** @type {ReplayView} */
        const { replayId } = await change("POST", "/replays", search);
        goTo(linkTo(`/replays/${replayId}`));
        return "The replay is planned.";
      },
    });
  return h("div", { class: "buttons" }, h("button", { type: "button", onclick: ask }, "Replay all of these…"));
}

/** @param {Record<string, string>} search */
function filterOf(search) {
  return filterForm(
    (entered) => goTo(linkTo("/deliveries", withZones(entered))),
    field("Verdict", select("verdict", verdicts, search["verdict"] ?? "")),
    field("Outcome", select("outcome", outcomes, search["outcome"] ?? "")),
    ...texts.map(([name, label]) =>
      field(label, h("input", { type: "search", id: name, name, value: search[name] ?? "" })),
    ),
    ...times.map(([name, label]) =>
      field(label, h("input", { type: "datetime-local", id: name, name, value: localOf(search[name]) })),
    ),
  );
}

/**
 * What people enter is of their own time zone; the API wants it said.
 * @param {Record<string, string>} entered
 */
function withZones(entered) {
  const zoned = times.flatMap(([name]) =>
    entered[name] === undefined ? [] : [[name, new Date(entered[name]).toISOString()]],
  );
  return { ...entered, .../** @type {Record<string, string>} */ (Object.fromEntries(zoned)) };
}

/** @param {string | undefined} iso */
function localOf(iso) {
  const time = Date.parse(iso ?? "");
  if (Number.isNaN(time)) return "";
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
