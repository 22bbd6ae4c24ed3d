import { get } from "./api.js";
import { h, refill } from "./dom.js";
import { count, duration, words } from "./format.js";
import { timeOf, webhookLink } from "./parts.js";
import { poll } from "./poll.js";
import { problemBox } from "./problem.js";
import { linkTo } from "./router.js";
import { badge } from "./status.js";
import { facts, panel, skeleton } from "./table.js";

/** @import { SyncTaskView } from "../../usecases/list-sync-tasks" */

const SECONDS = 5;

/** @type {import("./router.js").ViewBuilder} */
export function syncTaskView({ params, signal }) {
  const content = h("div", {}, skeleton(6));
  poll(signal, SECONDS, async () => {
    try {
      /** @type {SyncTaskView} */
      const task = await get(`/sync-tasks/${encodeURIComponent(params["taskId"] ?? "")}`, { signal });
      refill(content, ...partsOf(task));
    } catch (error) {
      if (!signal.aborted) refill(content, problemBox(error));
      throw error;
    }
  });
  return { title: "Sync task", content: [content] };
}

/**
 * @param {SyncTaskView} task
 * @returns {HTMLElement[]}
 */
function partsOf(task) {
  const {
    status,
    trigger,
    entityType,
    entityId,
    integrationId,
    connectionId,
    registrationId,
    attempts,
    phases = {},
  } = task;
  const about = facts([
    ["Status", badge(status)],
    ["Record", `${entityType} ${entityId === "*" ? "(all)" : entityId}`],
    ["Because of", trigger],
    ["Integration", integrationId],
    ["Connection", connectionId],
    ["Webhook", registrationId && webhookLink(registrationId)],
    ["Attempts", count(attempts)],
    ["Read from", task.source],
    ["Started", timeOf(task.startedAt)],
    ["Finished", task.finishedAt && timeOf(task.finishedAt)],
    ["Waits until", task.waitingUntil && timeOf(task.waitingUntil)],
    ["Code", task.reason && h("code", {}, task.reason)],
  ]);
  const steps = Object.entries(phases).map(([phase, ms]) => /** @type {const} */ ([words(phase), duration(ms)]));
  return [
    h("section", { class: "panel", "aria-label": "About this task" }, about),
    ...(steps.length > 0 ? [panel("Time by phase", facts(steps))] : []),
    ...(task.result ? [panel("Result", resultOf(task.result))] : []),
    ...(task.progress
      ? [
          panel(
            "Progress",
            h("pre", { tabindex: 0, "aria-label": "Progress as JSON" }, JSON.stringify(task.progress, undefined, 2)),
          ),
        ]
      : []),
  ];
}

/** @param {NonNullable<SyncTaskView["result"]>} result */
function resultOf({ change, shardId, conflictId, missingFields = [], settledConflicts = [], writtenBack }) {
  return facts([
    ["Effect", change],
    ["Shard", shardId && h("code", {}, shardId)],
    ["Conflict", conflictId && h("a", { href: linkTo(`/conflicts/${conflictId}`) }, "Waits for a person")],
    ["Settled by rule", settledConflicts.join(", ")],
    ["Missing fields", missingFields.join(", ")],
    ["Written back", writtenBack],
  ]);
}
