import { get } from "./api.js";
import { h } from "./dom.js";
import { words } from "./format.js";
import { emptyState, field, filterForm, select, timeOf } from "./parts.js";
import { pager } from "./pager.js";
import { goTo, linkTo } from "./router.js";
import { badge } from "./status.js";

/** @import { ConflictPage, ConflictView } from "../../usecases/list-conflicts" */

/** @type {readonly import("./table.js").Column<ConflictView>[]} */
const columns = [
  {
    title: "Record",
    cell: ({ conflictId, entityType, externalId }) =>
      h("a", { href: linkTo(`/conflicts/${conflictId}`) }, `${entityType} ${externalId}`),
  },
  { title: "Status", cell: ({ status }) => badge(status) },
  { title: "Kind", cell: ({ kind }) => words(kind) },
  { title: "Fields", kind: "wide", cell: ({ fields }) => Object.keys(fields).join(", ") },
  { title: "Integration", kind: "wide", cell: ({ integrationId }) => integrationId },
  { title: "Since", cell: ({ detectedAt }) => timeOf(detectedAt) },
];

/** @type {import("./router.js").ViewBuilder} */
export function conflictsView({ query, signal }) {
  const status = query.get("status") ?? "open";
  const list = pager({
    signal,
    caption: "Conflicts",
    columns,
    load: async (cursor) => {
      /** @type {ConflictPage} */
      const { conflicts, nextCursor } = await get("/conflicts", { query: { status, limit: 50, cursor }, signal });
      return { rows: conflicts, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    empty: () =>
      emptyState(
        `No conflict is ${status}.`,
        h("p", {}, "A conflict waits here where both sides changed the same field and no rule decides."),
      ),
  });
  const choice = select(
    "status",
    [
      ["open", "open"],
      ["resolved", "resolved"],
      ["superseded", "superseded"],
    ],
    status,
  );
  return {
    title: "Conflicts",
    content: [filterForm((entered) => goTo(linkTo("/conflicts", entered)), field("Status", choice)), list.element],
  };
}
