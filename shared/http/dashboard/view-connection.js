import { ApiError, change, get } from "./api.js";
import { connectionFields, credentialsName, stateOf } from "./connection-form.js";
import { confirm } from "./dialog.js";
import { h, refill, update } from "./dom.js";
import { pager } from "./pager.js";
import { emptyState, timeOf } from "./parts.js";
import { poll } from "./poll.js";
import { problemBox } from "./problem.js";
import { goTo, linkTo } from "./router.js";
import { savingForm } from "./saving-form.js";
import { facts, panel, skeleton } from "./table.js";
import { webhookColumns } from "./view-webhooks.js";

/** @import { ConnectionName, ConnectionView } from "../../usecases/connection-view" */
/** @import { WebhookPage } from "../../usecases/list-webhooks" */
/** @typedef {Pick<ConnectionName, "integrationId" | "connectionId">} Name */

const SECONDS = 10;
const PAGE = 200;

/**
 * Where the API has a connection.
 * @param {Name} name
 * @returns {string}
 */
export function pathOf({ integrationId, connectionId }) {
  return `/integrations/${encodeURIComponent(integrationId)}/connections/${encodeURIComponent(connectionId)}`;
}

/** @type {import("./router.js").ViewBuilder} */
export function connectionView({ params, signal }) {
  const name = { integrationId: params["integrationId"] ?? "", connectionId: params["connectionId"] ?? "" };
  const head = h("div", {}, skeleton(4));
  const settings = h("div", {}, skeleton(4));
  const settingsPanel = panel("Settings", settings);
  let isFirst = true;
  const show = async () => {
    /** @type {ConnectionView} */
    const connection = await get(pathOf(name), { signal });
    update(head, connection, () => [headOf(connection)]);
    if (isFirst) refill(settings, formOf(connection, saved));
    settingsPanel.hidden = isFirst = false;
  };
  /** @param {ConnectionView} connection */
  const saved = async (connection) => {
    refill(settings, h("p", { class: "notice" }, "The connection is saved."), formOf(connection, saved));
    await show();
  };
  poll(signal, SECONDS, async () => {
    try {
      await show();
    } catch (error) {
      if (!signal.aborted) {
        update(head, String(error), () => troubleOf(error, name));
        if (isFirst) settings.replaceChildren();
        settingsPanel.hidden = isFirst;
      }
      throw error;
    }
  });
  return { title: "Connection", content: [head, settingsPanel, webhooksOf(name, signal)] };
}

/**
 * @param {unknown} error
 * @param {Name} name
 */
function troubleOf(error, name) {
  const isMissing = error instanceof ApiError && error.status === 404;
  return [
    problemBox(error),
    isMissing && h("p", {}, h("a", { href: linkTo("/connections/new", { ...name }) }, "Set it up")),
  ];
}

/** @param {ConnectionView} connection */
function headOf(connection) {
  const { integrationId, connectionId, accountLabel, baseUrl, auth, status, statusReason = "unknown" } = connection;
  const { statusChangedAt, createdAt, updatedAt } = connection;
  const resource = pathOf(connection);
  return h(
    "section",
    { class: "panel", "aria-label": "About this connection" },
    status === "needs_reauth" &&
      h(
        "div",
        { class: "notice bad" },
        h("p", {}, h("strong", {}, "The provider refuses its credentials: "), h("code", {}, statusReason)),
        h("p", {}, "Records are not read until it has others. Make new ones at the provider, and type them below."),
      ),
    facts([
      ["State", stateOf(connection)],
      ["Since", statusChangedAt && timeOf(statusChangedAt)],
      ["Integration", integrationId],
      ["Connection", connectionId],
      ["Account", accountLabel],
      ["Address of its API", baseUrl ?? "the provider's own"],
      ["Credentials", credentialsName(auth)],
      ["Set up", timeOf(createdAt)],
      ["Changed", timeOf(updatedAt)],
    ]),
    h("p", { class: "more" }, h("a", { href: linkTo("/audit", { resource }), id: "its-changes" }, "Who changed it")),
    h("div", { class: "buttons" }, deleteButton(connection)),
  );
}

/** @param {Name} name */
function deleteButton(name) {
  const ask = () =>
    confirm({
      title: `Delete the connection ${name.connectionId}?`,
      body: [
        h("p", {}, "Its credentials are deleted with it, and records are read and written no more."),
        h("p", { class: "quiet" }, "Webhooks that name it stay, and go on with what their events bring."),
      ],
      action: "Delete",
      isDangerous: true,
      perform: async () => {
        await change("DELETE", pathOf(name));
        goTo(linkTo("/connections"));
        return "The connection is deleted.";
      },
    });
  return h("button", { type: "button", id: "delete-connection", class: "danger", onclick: ask }, "Delete");
}

/**
 * @param {ConnectionView} connection
 * @param {(connection: ConnectionView) => Promise<void>} saved
 */
function formOf(connection, saved) {
  const fields = connectionFields(connection.integrationId, connection);
  return savingForm({
    elements: fields.elements,
    action: "Save the connection",
    save: async () => {
      await saved(await change("PUT", pathOf(connection), fields.read()));
      return "The connection is saved.";
    },
  });
}

/**
 * The webhooks that name a connection.
 * @param {Name} name
 * @param {AbortSignal} signal
 */
function webhooksOf({ integrationId, connectionId }, signal) {
  const list = pager({
    signal,
    caption: "Webhooks of this connection",
    columns: webhookColumns,
    load: async (cursor) => {
      // The API searches for the text anywhere; what it finds may be another webhook.
      const query = { integrationId, text: connectionId, health: "healthy,degraded,failed", limit: PAGE, cursor };
      /** @type {WebhookPage} */
      const { webhooks, nextCursor } = await get("/webhooks", { query, signal });
      const rows = webhooks.filter((webhook) => webhook.connectionId === connectionId);
      return { rows, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    empty: () => emptyState("No webhook names this connection."),
  });
  return h(
    "section",
    { "aria-labelledby": "its-webhooks" },
    h("h2", { id: "its-webhooks" }, "Its webhooks"),
    list.element,
  );
}
