import { get } from "./api.js";
import { h } from "./dom.js";
import { duration } from "./format.js";
import { emptyState, field, filterForm, select, timeOf } from "./parts.js";
import { pager } from "./pager.js";
import { goTo, linkTo } from "./router.js";
import { badge } from "./status.js";

/** @import { SyncTaskPage, SyncTaskView } from "../../usecases/list-sync-tasks" */

/** @type {readonly import("./table.js").Column<SyncTaskView>[]} */
const columns = [
  {
    title: "Started",
    cell: ({ taskId, startedAt }) =>
      h("a", { href: linkTo(`/sync-tasks/${taskId}`), id: `task-${taskId}` }, timeOf(startedAt)),
  },
  { title: "Status", cell: ({ status }) => badge(status) },
  { title: "Record", cell: ({ entityType, entityId }) => `${entityType} ${entityId === "*" ? "(all)" : entityId}` },
  { title: "Integration", kind: "wide", cell: ({ integrationId }) => integrationId },
  { title: "Because of", kind: "wide", cell: ({ trigger }) => trigger },
  { title: "Effect", kind: "wide", cell: ({ result }) => result?.change ?? "" },
  { title: "Why", cell: ({ reason }) => reason ?? "" },
  {
    title: "Took",
    kind: "number",
    cell: ({ phases }) => (phases ? duration(Object.values(phases).reduce((sum, ms) => sum + ms, 0)) : "–"),
  },
];

const statuses = /** @type {const} */ ([
  ["", "any"],
  ["queued", "queued"],
  ["running", "running"],
  ["waiting", "waiting"],
  ["completed", "completed"],
  ["failed", "failed"],
]);
const triggers = /** @type {const} */ ([
  ["", "any"],
  ["webhook", "a webhook"],
  ["manual", "a person"],
  ["gap", "a gap"],
  ["edit", "an edit"],
]);

/** @type {import("./router.js").ViewBuilder} */
export function syncTasksView({ query, signal }) {
  const search = Object.fromEntries(query);
  const list = pager({
    signal,
    caption: "Sync tasks",
    columns,
    load: async (cursor) => {
      /** @type {SyncTaskPage} */
      const { syncTasks, nextCursor } = await get("/sync-tasks", { query: { ...search, limit: 50, cursor }, signal });
      return { rows: syncTasks, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    empty: () =>
      emptyState(
        "No sync task is like that.",
        h("p", {}, "Every accepted event becomes one. ", h("a", { href: "#/sync-tasks" }, "All sync tasks")),
      ),
  });
  const filter = filterForm(
    (entered) => goTo(linkTo("/sync-tasks", entered)),
    field("Status", select("status", statuses, search["status"] ?? "")),
    field("Because of", select("trigger", triggers, search["trigger"] ?? "")),
    field(
      "Webhook",
      h("input", {
        type: "search",
        id: "registrationId",
        name: "registrationId",
        value: search["registrationId"] ?? "",
      }),
    ),
  );
  return { title: "Sync tasks", content: [filter, list.element] };
}
