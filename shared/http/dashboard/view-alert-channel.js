import { channelFields } from "./alert-channel-form.js";
import { channelLink, scopeOf } from "./alert-channels.js";
import { change, get } from "./api.js";
import { copyable } from "./copy.js";
import { confirm } from "./dialog.js";
import { h, refill, update } from "./dom.js";
import { count } from "./format.js";
import { field, timeOf } from "./parts.js";
import { poll } from "./poll.js";
import { problemBox } from "./problem.js";
import { goTo, linkTo } from "./router.js";
import { demandUnused, savingForm } from "./saving-form.js";
import { badge } from "./status.js";
import { facts, panel, skeleton } from "./table.js";

/** @import { AlertChannelView } from "../../usecases/alert-channel-view" */
/** @import { PutChannelResult } from "../../usecases/put-alert-channel" */
/** @import { ChannelTest } from "../../usecases/test-alert-channel" */

const SECONDS = 10;

/** @param {string} channelId */
function pathOf(channelId) {
  return `/alert-channels/${encodeURIComponent(channelId)}`;
}

/** @type {import("./router.js").ViewBuilder} */
export function newAlertChannelView() {
  const name = h("input", {
    id: "channelId",
    required: true,
    maxlength: 64,
    placeholder: "on-call",
    autocomplete: "off",
  });
  const fields = channelFields();
  const content = h("section", { class: "panel", "aria-label": "Settings" });
  const form = savingForm({
    elements: [h("div", { class: "limits" }, field("Name of your own", name)), ...fields.elements],
    action: "Set up the channel",
    save: async () => {
      const channelId = name.value.trim();
      await demandUnused(pathOf(channelId));
      /** @type {PutChannelResult["channel"]} */
      const channel = await change("PUT", pathOf(channelId), fields.read());
      if (channel.signingSecret === undefined) goTo(channelLink(channelId));
      else refill(content, secretOf(channelId, channel.signingSecret));
      return "The channel is set up.";
    },
  });
  content.append(form);
  return { title: "New alert channel", content: [content] };
}

/**
 * @param {string} channelId
 * @param {string} secret
 */
function secretOf(channelId, secret) {
  return h(
    "div",
    {},
    h("p", {}, "The messages of this channel are signed with this secret, shown this once:"),
    h("p", {}, copyable(secret, "the signing secret")),
    h("p", {}, h("a", { href: channelLink(channelId) }, "To the channel")),
  );
}

/** @type {import("./router.js").ViewBuilder} */
export function alertChannelView({ params, signal }) {
  const path = pathOf(params["channelId"] ?? "");
  const head = h("div", {}, skeleton(4));
  const settings = h("div", {}, skeleton(6));
  const settingsPanel = panel("Settings", settings);
  let isFirst = true;
  const show = async () => {
    /** @type {AlertChannelView} */
    const channel = await get(path, { signal });
    update(head, channel, () => [headOf(channel, path)]);
    if (isFirst) refill(settings, formOf(channel, path, saved));
    settingsPanel.hidden = isFirst = false;
  };
  const saved = async (/** @type {PutChannelResult["channel"]} */ channel) => {
    const { channelId, signingSecret } = channel;
    const notice = h("p", { class: "notice" }, "The settings are saved.");
    const secret = signingSecret === undefined ? null : secretOf(channelId, signingSecret);
    refill(settings, secret ?? notice, formOf(channel, path, saved));
    await show();
  };
  poll(signal, SECONDS, async () => {
    try {
      await show();
    } catch (error) {
      if (!signal.aborted) {
        update(head, String(error), () => [problemBox(error)]);
        if (isFirst) settings.replaceChildren();
        settingsPanel.hidden = isFirst;
      }
      throw error;
    }
  });
  return { title: "Alert channel", content: [head, settingsPanel] };
}

/**
 * @param {AlertChannelView} channel
 * @param {string} path
 */
function headOf(channel, path) {
  const { channelId, kind, status, waiting, lost, lastDeliveredAt, lastFailure, createdAt } = channel;
  return h(
    "section",
    { class: "panel", "aria-label": "About this channel" },
    facts([
      ["Name", channelId],
      ["Kind", kind],
      ["Status", badge(status)],
      ["Told of", scopeOf(channel)],
      ["Last told", lastDeliveredAt === undefined ? "never" : timeOf(lastDeliveredAt)],
      ["Waiting to be told", count(waiting)],
      ["Given up", count(lost)],
      ["Last failure", lastFailure && [timeOf(lastFailure.at), " ", h("code", {}, lastFailure.reason)]],
      ["Set up", timeOf(createdAt)],
    ]),
    h("div", { class: "buttons" }, deleteButton(channelId, path), testButton(path)),
  );
}

/** @param {string} path */
function testButton(path) {
  const ask = () =>
    confirm({
      title: "Send a test message?",
      body: [h("p", {}, "It is sent at once, quiet hours or not, and says that it is a test.")],
      action: "Send it",
      perform: async () => {
        /** @type {ChannelTest} */
        const { delivered, reason } = await change("POST", `${path}/test`);
        if (delivered) return h("p", {}, "The test message was taken.");
        return h(
          "p",
          { class: "notice bad", role: "alert" },
          "The test message was not taken: ",
          h("code", {}, reason),
        );
      },
    });
  return h("button", { type: "button", id: "test-channel", class: "primary", onclick: ask }, "Send a test message");
}

/**
 * @param {string} channelId
 * @param {string} path
 */
function deleteButton(channelId, path) {
  const ask = () =>
    confirm({
      title: `Delete the channel ${channelId}?`,
      body: [h("p", {}, "Nothing is told there any more, and what waits is lost. Where it leads is forgotten.")],
      action: "Delete",
      isDangerous: true,
      perform: async () => {
        await change("DELETE", path);
        goTo(linkTo("/alerts"));
        return "The channel is deleted.";
      },
    });
  return h("button", { type: "button", id: "delete-channel", class: "danger", onclick: ask }, "Delete");
}

/**
 * @param {AlertChannelView} channel
 * @param {string} path
 * @param {(channel: PutChannelResult["channel"]) => Promise<void>} saved
 */
function formOf(channel, path, saved) {
  const fields = channelFields(channel);
  return savingForm({
    elements: fields.elements,
    action: "Save the settings",
    save: async () => {
      await saved(await change("PUT", path, fields.read()));
      return "The settings are saved.";
    },
  });
}
