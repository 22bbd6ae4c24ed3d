import { get } from "./api.js";
import { changesOf } from "./changes.js";
import { h } from "./dom.js";
import { pager } from "./pager.js";
import { emptyState, field, filterForm, timeOf } from "./parts.js";
import { goTo, linkTo } from "./router.js";

/** @import { AuditPage, AuditView } from "../../usecases/list-audit" */

/** @type {readonly import("./table.js").Column<AuditView>[]} */
const columns = [
  { title: "When, and who", cell: ({ at, by, tenantId }) => [timeOf(at), whoOf(by, tenantId)] },
  {
    title: "What",
    cell: ({ action, resource, error }) => [
      h("code", {}, action),
      h("div", { class: "long code" }, resourceOf(resource)),
      error && h("p", { class: "broken" }, "broke off: ", h("code", {}, error)),
    ],
  },
  { title: "Before and after", cell: ({ before, after }) => changesOf(before, after) },
];

const texts = /** @type {const} */ ([
  ["resource", "Resource", "/webhooks/…"],
  ["action", "Action", "update-webhook"],
  ["tenantId", "Tenant (for operators)", "your own"],
]);

/** @type {import("./router.js").ViewBuilder} */
export function auditView({ query, signal }) {
  const search = Object.fromEntries(query);
  const list = pager({
    signal,
    caption: "Changes",
    columns,
    load: async (cursor) => {
      /** @type {AuditPage} */
      const { entries, nextCursor } = await get("/audit", { query: { ...search, limit: 50, cursor }, signal });
      return { rows: entries, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    empty: () =>
      emptyState(
        "No change is like that.",
        h(
          "p",
          {},
          "Whatever is changed through the API is noted here; what was refused is not. ",
          h("a", { href: "#/audit" }, "All changes"),
        ),
      ),
  });
  const filter = filterForm(
    (entered) => goTo(linkTo("/audit", entered)),
    ...texts.map(([name, label, placeholder]) =>
      field(label, h("input", { type: "search", id: name, name, value: search[name] ?? "", placeholder })),
    ),
  );
  return { title: "Audit log", content: [filter, list.element] };
}

/**
 * @param {AuditView["by"]} by
 * @param {string} tenantId whose log it is
 */
function whoOf({ subject, tenantId: from, isOperator }, tenantId) {
  const role = [isOperator ? "operator" : "", from === tenantId ? "" : `of ${from}`].filter((text) => text !== "");
  const name = subject === "service" ? "the service itself" : subject;
  return h("div", { class: "long quiet" }, role.length === 0 ? name : `${name} (${role.join(" ")})`);
}

/** Where things are shown whose views are not at the path that the API has. */
const otherAddresses = /** @type {const} */ ([
  [/^\/integrations\/([^/]+)\/connections\/([^/]+)$/, "/connections/$1/$2"],
  [/^\/alert-channels\/([^/]+)$/, "/alerts/channels/$1"],
]);
const sameAddress = /^\/(?:webhooks|deliveries|replays|conflicts|rate-limits)\/[^/]+$/;

/** @param {string} resource a path of the API */
function resourceOf(resource) {
  const [pattern, address] = otherAddresses.find(([other]) => other.test(resource)) ?? [sameAddress, "$&"];
  return pattern.test(resource) ? h("a", { href: linkTo(resource.replace(pattern, address)) }, resource) : resource;
}
