import { get } from "./api.js";
import { h } from "./dom.js";
import { counted } from "./format.js";
import { integrationPanel } from "./integration-pause.js";
import { connectionLink, emptyState, field, filterForm, select, timeOf, webhookLink } from "./parts.js";
import { pager } from "./pager.js";
import { goTo, linkTo } from "./router.js";
import { badge } from "./status.js";

/** @import { ListedWebhook, WebhookPage } from "../../usecases/list-webhooks" */

const PAGE = 50;
/** With fewer matches in a page of a search, more of the list has to be read for each. */
const SEARCH_PAGE = 200;

/** How webhooks are listed. @type {readonly import("./table.js").Column<ListedWebhook>[]} */
export const webhookColumns = [
  { title: "Webhook", cell: ({ registrationId }) => webhookLink(registrationId) },
  { title: "Health", cell: ({ health }) => health && badge(health.status) },
  {
    title: "Integration",
    cell: ({ registrationId, integrationId }) =>
      h("a", { href: linkTo("/webhooks", { integrationId }), id: `like-${registrationId}` }, integrationId),
  },
  {
    title: "Connection",
    kind: "wide",
    cell: ({ integrationId, connectionId }) => connectionLink(integrationId, connectionId),
  },
  {
    title: "Events",
    kind: "wide",
    cell: ({ events }) =>
      events.length > 3 ? `${events.slice(0, 3).join(", ")} and ${events.length - 3} more` : events.join(", "),
  },
  {
    title: "Status",
    kind: "wide",
    cell: ({ status, pause, health }) => [
      badge(pause?.state ?? status),
      pause && h("div", { class: "quiet" }, `${counted(health?.heldCount ?? 0, "event")} held`),
    ],
  },
  {
    title: "Last event",
    cell: ({ health }) => (health?.lastEventAt === undefined ? "never" : timeOf(health.lastEventAt)),
  },
  { title: "Failures", kind: "number", cell: ({ health }) => `${health?.failureRate ?? 0} %` },
];

const healths = /** @type {const} */ ([
  ["", "any"],
  ["degraded,failed", "degraded or failed"],
  ["failed", "failed"],
  ["degraded", "degraded"],
  ["healthy", "healthy"],
]);

/** @type {import("./router.js").ViewBuilder} */
export function webhooksView({ query, signal }) {
  const [text, health, integrationId] = ["text", "health", "integrationId"].map((name) => query.get(name) ?? "");
  const isSearch = text !== "" || (health !== "" && health !== undefined);
  const list = pager({
    signal,
    caption: "Webhooks",
    columns: webhookColumns,
    load: async (cursor) => {
      const filter = { text, integrationId, health: health === "" ? "healthy,degraded,failed" : health };
      /** @type {WebhookPage} */
      const { webhooks, nextCursor } = await get("/webhooks", {
        query: { ...filter, limit: isSearch ? SEARCH_PAGE : PAGE, cursor },
        signal,
      });
      return { rows: webhooks, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    empty: () =>
      emptyState(
        "No webhook is like that.",
        h(
          "p",
          {},
          h("a", { href: "#/webhooks" }, "All webhooks"),
          " or ",
          h("a", { href: "#/" }, "how to register one"),
        ),
      ),
  });
  const filter = filterForm(
    (entered) => goTo(linkTo("/webhooks", entered)),
    field(
      "Text",
      h("input", { type: "search", id: "text", name: "text", value: text, placeholder: "id, connection, event, note" }),
    ),
    field(
      "Integration",
      h("input", { type: "search", id: "integrationId", name: "integrationId", value: integrationId }),
    ),
    field("Health", select("health", healths, health ?? "")),
  );
  const integration =
    integrationId === undefined || integrationId === ""
      ? h(
          "p",
          { class: "quiet" },
          "All webhooks of an integration are paused and resumed together where it is searched for.",
        )
      : integrationPanel(integrationId, signal, list.reload);
  return { title: "Webhooks", content: [filter, integration, list.element] };
}
