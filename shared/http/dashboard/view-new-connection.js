import { change } from "./api.js";
import { connectionFields } from "./connection-form.js";
import { h } from "./dom.js";
import { integrationChooser } from "./integration-chooser.js";
import { connectionAddress, field } from "./parts.js";
import { goTo, linkTo } from "./router.js";
import { demandUnused, savingForm } from "./saving-form.js";
import { pathOf } from "./view-connection.js";

const FIRST = "salesforce";

/** @type {import("./router.js").ViewBuilder} */
export function newConnectionView({ query, signal }) {
  const integrationId = query.get("integrationId") || FIRST;
  const fields = connectionFields(integrationId);
  const name = h("input", {
    id: "connectionId",
    required: true,
    maxlength: 200,
    value: query.get("connectionId") ?? "",
    autocomplete: "off",
  });
  const form = savingForm({
    elements: [h("div", { class: "limits" }, field("Id of your own, which webhooks name", name)), ...fields.elements],
    action: "Set up the connection",
    save: async () => {
      const connectionId = name.value.trim();
      const path = pathOf({ integrationId, connectionId });
      await demandUnused(path);
      await change("PUT", path, fields.read());
      goTo(connectionAddress(integrationId, connectionId));
      return "The connection is set up.";
    },
  });
  const chooser = integrationChooser(integrationId, signal, (chosen) =>
    goTo(linkTo("/connections/new", { integrationId: chosen, connectionId: name.value })),
  );
  return {
    title: "New connection",
    content: [chooser, h("section", { class: "panel", "aria-label": "Settings" }, form)],
  };
}
