import { titleOf } from "./alert-words.js";
import { get } from "./api.js";
import { h, update } from "./dom.js";
import { count } from "./format.js";
import { emptyState, timeOf } from "./parts.js";
import { poll } from "./poll.js";
import { problemBox } from "./problem.js";
import { linkTo } from "./router.js";
import { badge } from "./status.js";
import { panel, skeleton, table } from "./table.js";

/** @import { AlertChannelPage } from "../../usecases/list-alert-channels" */
/** @import { AlertChannelView } from "../../usecases/alert-channel-view" */

const SECONDS = 10;
/** More than a tenant may have. */
const ALL = 200;

/** @type {readonly import("./table.js").Column<AlertChannelView>[]} */
const columns = [
  {
    title: "Channel",
    cell: ({ channelId }) =>
      h("a", { href: channelLink(channelId), id: `channel-${channelId}`, class: "long" }, channelId),
  },
  { title: "Kind", cell: ({ kind }) => kind },
  { title: "Status", cell: ({ status }) => badge(status) },
  { title: "Told of", kind: "wide", cell: scopeOf },
  {
    title: "Last told",
    kind: "wide",
    cell: ({ lastDeliveredAt }) => (lastDeliveredAt ? timeOf(lastDeliveredAt) : "never"),
  },
  { title: "Waiting", kind: "number", cell: ({ waiting }) => count(waiting) },
];

/**
 * The address of the view of a channel.
 * @param {string} channelId
 * @returns {string}
 */
export function channelLink(channelId) {
  return linkTo(`/alerts/channels/${encodeURIComponent(channelId)}`);
}

/**
 * What a channel is told, in words.
 * @param {AlertChannelView} channel
 * @returns {string}
 */
export function scopeOf({ service, conditions, integrations, webhooks }) {
  const what = conditions ? conditions.map(titleOf).join(", ") : "all conditions";
  const limits = [integrations?.join(", "), webhooks && `${webhooks.length} of the webhooks`].filter(Boolean);
  const whose = service ? " of the service" : limits.length > 0 ? ` of ${limits.join("; ")}` : "";
  return `${what}${whose}`;
}

/**
 * Whom alerts are told.
 * @param {AbortSignal} signal
 * @returns {HTMLElement}
 */
export function channelsPanel(signal) {
  const content = h("div", {}, skeleton(2));
  poll(signal, SECONDS, async () => {
    try {
      /** @type {AlertChannelPage} */
      const { alertChannels } = await get("/alert-channels", { query: { limit: ALL }, signal });
      update(content, alertChannels, () => [listOf(alertChannels)]);
    } catch (error) {
      if (!signal.aborted) update(content, String(error), () => [problemBox(error)]);
      throw error;
    }
  });
  const add = h("a", { href: "#/alerts/new-channel", class: "button" }, "Set up a channel");
  return panel("Channels", content, h("div", { class: "buttons" }, add));
}

/** @param {readonly AlertChannelView[]} rows */
function listOf(rows) {
  if (rows.length > 0) return table({ caption: "Channels", columns, rows });
  return emptyState(
    "Nobody is told.",
    h("p", {}, "A channel tells alerts to Slack, Teams, PagerDuty, people by mail, or a URL of yours."),
  );
}
