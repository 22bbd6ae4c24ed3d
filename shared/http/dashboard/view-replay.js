import { change, get } from "./api.js";
import { confirm } from "./dialog.js";
import { h, svg, update } from "./dom.js";
import { count, counted, words } from "./format.js";
import { field, tenantDeliveryColumns, timeOf } from "./parts.js";
import { poll } from "./poll.js";
import { problemBox } from "./problem.js";
import { linkTo } from "./router.js";
import { badge } from "./status.js";
import { facts, panel, skeleton, table } from "./table.js";

/** @import { ReplayView } from "../../usecases/replay-view" */

const SECONDS = 2;
const USUAL_RATE = 50;

/** @type {import("./router.js").ViewBuilder} */
export function replayView({ params, signal }) {
  const path = `/replays/${encodeURIComponent(params["replayId"] ?? "")}`;
  const content = h("div", {}, skeleton(6));
  const show = async () => {
    try {
      /** @type {ReplayView} */
      const replay = await get(path, { signal });
      update(content, replay, () => partsOf(replay, path, show));
    } catch (error) {
      if (!signal.aborted) update(content, String(error), () => [problemBox(error)]);
      throw error;
    }
  };
  poll(signal, SECONDS, show);
  return { title: "Replay", content: [content] };
}

/**
 * @param {ReplayView} replay
 * @param {string} path
 * @param {() => Promise<void>} reload
 */
function partsOf(replay, path, reload) {
  const { status, matched, replayable, queued, notReplayable, skipped, filter, sample } = replay;
  const about = facts([
    ["Status", badge(status)],
    ["Found", counted(matched, "line")],
    ["Can be replayed", count(replayable)],
    ["Queued so far", count(queued)],
    ["Oldest", replay.oldest && timeOf(replay.oldest)],
    ["Newest", replay.newest && timeOf(replay.newest)],
    [
      "Search",
      Object.entries(filter)
        .map(([name, value]) => `${words(name)} ${value}`)
        .join(", "),
    ],
    ["Planned", [timeOf(replay.plannedAt), ` by ${replay.plannedBy}`]],
    ["Finished", replay.finishedAt && timeOf(replay.finishedAt)],
    ["Left out", gapsOf(notReplayable)],
    ["Skipped", gapsOf(skipped)],
    ["Code", replay.reason && h("code", {}, replay.reason)],
  ]);
  return [
    h(
      "section",
      { class: "panel", "aria-label": "About this replay" },
      about,
      status !== "planned" && [progressOf(replay), gaveUpOf(replay)],
      buttonsOf(replay, path, reload),
    ),
    sample.length > 0 &&
      panel(
        "The oldest of them",
        table({ caption: "The oldest of them", columns: tenantDeliveryColumns, rows: sample }),
      ),
  ];
}

/** @param {Readonly<Record<string, number>>} gaps */
function gapsOf(gaps) {
  return Object.entries(gaps)
    .map(([reason, times]) => `${count(times)} ${words(reason)}`)
    .join(", ");
}

/** @param {ReplayView} replay */
function gaveUpOf({ replayId }) {
  return h("p", {}, h("a", { href: linkTo("/deliveries", { replayId, outcome: "dead" }) }, "What it gave up"));
}

/** @param {ReplayView} replay */
function progressOf({ queued, replayable }) {
  const share = replayable === 0 ? 100 : Math.min((queued / replayable) * 100, 100);
  return svg(
    "svg",
    {
      viewBox: "0 0 100 6",
      preserveAspectRatio: "none",
      class: "meter progress",
      role: "img",
      "aria-label": `${Math.floor(share)} percent queued`,
    },
    svg("rect", { width: 100, height: 6, class: "track" }),
    svg("rect", { width: share, height: 6, class: "done" }),
  );
}

/**
 * @param {ReplayView} replay
 * @param {string} path
 * @param {() => Promise<void>} reload
 */
function buttonsOf({ status, replayable }, path, reload) {
  if (status !== "planned" && status !== "running") return null;
  const run = () => {
    const rate = h("input", { type: "number", id: "rate-per-second", min: 1, max: 1000, value: USUAL_RATE });
    confirm({
      title: `Replay ${counted(replayable, "event")}?`,
      body: [
        h("p", {}, "The oldest first. A record that is newer by now is left as it is."),
        field("Events a second", rate),
      ],
      action: "Run",
      perform: async () => {
        await change("POST", `${path}/run`, { ratePerSecond: Number(rate.value) });
        await reload();
        return "The replay is under way.";
      },
    });
  };
  const cancel = () =>
    confirm({
      title: "Cancel this replay?",
      body: [h("p", {}, "What is queued already is handled; nothing more is queued.")],
      action: "Cancel the replay",
      isDangerous: true,
      perform: async () => {
        await change("POST", `${path}/cancel`);
        await reload();
        return "The replay is cancelled.";
      },
    });
  return h(
    "div",
    { class: "buttons" },
    h("button", { type: "button", id: "replay-cancel", onclick: cancel }, "Cancel the replay"),
    status === "planned" &&
      h(
        "button",
        { type: "button", id: "replay-run", class: "primary", disabled: replayable === 0, onclick: run },
        "Run it",
      ),
  );
}
