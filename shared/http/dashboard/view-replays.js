import { get } from "./api.js";
import { h } from "./dom.js";
import { count } from "./format.js";
import { emptyState, timeOf } from "./parts.js";
import { pager } from "./pager.js";
import { linkTo } from "./router.js";
import { badge } from "./status.js";

/** @import { ReplayPage } from "../../usecases/list-replays" */
/** @import { ReplayView } from "../../usecases/replay-view" */

/** @type {readonly import("./table.js").Column<ReplayView>[]} */
const columns = [
  {
    title: "Planned",
    cell: ({ replayId, plannedAt }) => h("a", { href: linkTo(`/replays/${replayId}`) }, timeOf(plannedAt)),
  },
  { title: "Status", cell: ({ status }) => badge(status) },
  { title: "Events", kind: "number", cell: ({ replayable }) => count(replayable) },
  { title: "Queued", kind: "number", cell: ({ queued }) => count(queued) },
  { title: "By", kind: "wide", cell: ({ plannedBy }) => plannedBy },
];

/** @type {import("./router.js").ViewBuilder} */
export function replaysView({ signal }) {
  const list = pager({
    signal,
    caption: "Replays",
    columns,
    load: async (cursor) => {
      /** @type {ReplayPage} */
      const { replays, nextCursor } = await get("/replays", { query: { limit: 50, cursor }, signal });
      return { rows: replays, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    empty: () =>
      emptyState(
        "Nothing was replayed in bulk.",
        h(
          "p",
          {},
          h("a", { href: "#/deliveries" }, "Search the deliveries"),
          ", and plan a replay of all that the search finds.",
        ),
      ),
  });
  return { title: "Replays", content: [list.element] };
}
