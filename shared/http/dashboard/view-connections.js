import { get } from "./api.js";
import { credentialsName, stateOf } from "./connection-form.js";
import { h } from "./dom.js";
import { pager } from "./pager.js";
import { connectionLink, emptyState, field, filterForm, select, timeOf } from "./parts.js";
import { goTo, linkTo } from "./router.js";

/** @import { ConnectionPage } from "../../usecases/list-connections" */
/** @import { ConnectionView } from "../../usecases/connection-view" */

const SECONDS = 10;

/** @type {readonly import("./table.js").Column<ConnectionView>[]} */
const columns = [
  {
    title: "Connection",
    cell: ({ integrationId, connectionId, accountLabel }) => [
      h("div", { class: "long" }, connectionLink(integrationId, connectionId)),
      accountLabel !== undefined && h("div", { class: "long quiet" }, accountLabel),
    ],
  },
  { title: "Integration", cell: ({ integrationId }) => integrationId },
  {
    title: "State",
    cell: (connection) => [stateOf(connection), reasonOf(connection)],
  },
  { title: "Credentials", kind: "wide", cell: ({ auth }) => credentialsName(auth) },
  {
    title: "Since",
    kind: "wide",
    cell: ({ statusChangedAt, createdAt }) => timeOf(statusChangedAt ?? createdAt),
  },
];

const states = /** @type {const} */ ([
  ["", "any"],
  ["needs_reauth", "needs new credentials"],
  ["active", "active"],
]);

/** @type {import("./router.js").ViewBuilder} */
export function connectionsView({ query, signal }) {
  const search = Object.fromEntries(query);
  const list = pager({
    signal,
    caption: "Connections",
    columns,
    seconds: SECONDS,
    load: async (cursor) => {
      /** @type {ConnectionPage} */
      const { connections, nextCursor } = await get("/connections", {
        query: { ...search, limit: 50, cursor },
        signal,
      });
      return { rows: connections, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    empty: () => emptyOf(search),
  });
  const integrationId = search["integrationId"] ?? "";
  const filter = filterForm(
    (entered) => goTo(linkTo("/connections", entered)),
    field(
      "Integration",
      h("input", { type: "search", id: "integrationId", name: "integrationId", value: integrationId }),
    ),
    field("State", select("status", states, search["status"] ?? "")),
  );
  const add = h("a", { href: linkTo("/connections/new", { integrationId }), class: "button" }, "Set up a connection");
  return { title: "Connections", content: [filter, list.element, h("div", { class: "buttons" }, add)] };
}

/** @param {ConnectionView} connection */
function reasonOf({ statusReason }) {
  return statusReason !== undefined && h("div", { class: "quiet" }, h("code", {}, statusReason));
}

/** @param {Record<string, string>} search */
function emptyOf(search) {
  if (search["status"] === "needs_reauth")
    return emptyState(
      "No connection needs new credentials.",
      h("p", {}, h("a", { href: "#/connections" }, "All connections")),
    );
  return emptyState(
    "No connection is like that.",
    h(
      "p",
      {},
      "A connection is an account at a provider, and the credentials by which its records are read and written.",
    ),
  );
}
