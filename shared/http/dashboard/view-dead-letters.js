import { get } from "./api.js";
import { h, refill } from "./dom.js";
import { count } from "./format.js";
import { emptyState, tenantDeliveryColumns, timeOf } from "./parts.js";
import { pager } from "./pager.js";
import { panel, table } from "./table.js";

/** @import { DeadLetterPage, QueueLetterView } from "../../usecases/dead-letters" */

/** @type {import("./router.js").ViewBuilder} */
export function deadLettersView({ signal }) {
  const queue = h("div", {});
  const list = pager({
    signal,
    caption: "Dead letters",
    columns: tenantDeliveryColumns,
    load: async (cursor) => {
      /** @type {DeadLetterPage} */
      const page = await get("/dead-letters", { query: { limit: 50, cursor }, signal });
      if (page.queue && page.queue.length > 0) refill(queue, queueOf(page.queue));
      return { rows: page.deadLetters, ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }) };
    },
    empty: () =>
      emptyState(
        "No event was given up.",
        h("p", {}, "An event that fails for good is kept here, to be replayed or discarded."),
      ),
  });
  return { title: "Dead letters", content: [list.element, queue] };
}

/** @param {readonly QueueLetterView[]} rows for an operator alone */
function queueOf(rows) {
  return panel(
    "Given up by the queue itself",
    table({
      caption: "Given up by the queue itself",
      rows,
      columns: [
        { title: "Message", kind: "code", cell: ({ messageId }) => messageId },
        { title: "When", cell: ({ deadLetteredAt }) => timeOf(deadLetteredAt) },
        { title: "Why", cell: ({ reason }) => reason },
        { title: "Attempts", kind: "number", cell: ({ deliveryCount }) => count(deliveryCount) },
      ],
    }),
  );
}
