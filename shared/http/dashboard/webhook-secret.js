import { change } from "./api.js";
import { copyable } from "./copy.js";
import { confirm } from "./dialog.js";
import { h } from "./dom.js";
import { counted } from "./format.js";
import { field, timeOf } from "./parts.js";
import { facts } from "./table.js";

/** @import { RegistrationView } from "../../usecases/registration-view" */
/** @import { RotateReply } from "../../usecases/rotate-secret" */
/** @import { SecretHealth } from "../../core/secret-health" */

/**
 * How the secret of a webhook stands, and changing it without losing a delivery.
 * @param {RegistrationView} webhook
 * @param {SecretHealth | undefined} secret
 * @param {() => Promise<void>} reload
 * @returns {HTMLElement[]}
 */
export function secretOf(webhook, secret, reload) {
  if (!secret)
    return [h("p", { class: "quiet" }, "Deliveries of this webhook are verified without a secret of its own.")];
  const { rotation, since, dueAt, rotatesItself } = secret;
  if (!rotation) {
    return [
      facts([
        ["In use since", timeOf(since)],
        ["Due", dueAt && timeOf(dueAt)],
        ["Changes by itself", rotatesItself && "yes, when it is due"],
      ]),
      h("div", { class: "buttons" }, rotateButton(webhook, reload)),
    ];
  }
  const { deadline, startedAt, currentUses, previousUses, previousLastUsedAt, isAlarming } = rotation;
  return [
    h(
      "p",
      { class: isAlarming ? "notice warn" : "notice" },
      isAlarming
        ? "The old secret is retired soon, and the provider still uses it."
        : "The secret is being changed: both verify until only the new one is used.",
    ),
    facts([
      ["Begun", timeOf(startedAt)],
      ["Old one retired by", timeOf(deadline)],
      ["Signed by the new one", counted(currentUses, "delivery", "deliveries")],
      ["Signed by the old one", counted(previousUses, "delivery", "deliveries")],
      ["Old one last used", previousLastUsedAt && timeOf(previousLastUsedAt)],
    ]),
    h("div", { class: "buttons" }, endButton(webhook, "cancel", reload), endButton(webhook, "finish", reload)),
  ];
}

/**
 * @param {RegistrationView} webhook
 * @param {() => Promise<void>} reload
 */
function rotateButton({ registrationId, secretOrigin }, reload) {
  const isTheirs = secretOrigin !== "generated";
  const ask = () => {
    const input = h("input", { type: "password", id: "new-secret", autocomplete: "off" });
    confirm({
      title: "Change the secret?",
      body: [
        h("p", {}, "The present secret verifies on until the provider uses the new one, so that no delivery is lost."),
        isTheirs
          ? field("The provider's new secret", input)
          : h("p", { class: "quiet" }, "The new secret is shown once."),
      ],
      action: "Change the secret",
      perform: async () => {
        /** @type {RotateReply} */
        const reply = await change(
          "POST",
          `/webhooks/${registrationId}/rotate-secret`,
          isTheirs ? { webhookSecret: input.value } : {},
        );
        await reload();
        return newSecret(reply);
      },
    });
  };
  return h("button", { type: "button", id: "rotate", onclick: ask }, "Change the secret");
}

/** @param {RotateReply} reply */
function newSecret({ webhookSecret, setup }) {
  const steps = h(
    "ol",
    { class: "steps" },
    setup.map((step) => h("li", {}, step)),
  );
  if (webhookSecret === undefined) return h("div", {}, h("p", {}, "Both secrets verify now."), steps);
  return h(
    "div",
    {},
    h("p", {}, "The new secret, shown this once:"),
    h("p", {}, copyable(webhookSecret, "the secret")),
    steps,
  );
}

const ends = {
  finish: {
    button: "Retire the old secret",
    title: "Retire the old secret now?",
    text: "What the provider still signs with it is refused from now on.",
  },
  cancel: {
    button: "Take the old one back",
    title: "Take the old secret back?",
    text: "The old secret counts again; the new one verifies for a while, and is then retired.",
  },
};

/**
 * @param {RegistrationView} webhook
 * @param {"finish" | "cancel"} end
 * @param {() => Promise<void>} reload
 */
function endButton({ registrationId }, end, reload) {
  const { button, title, text } = ends[end];
  const ask = () =>
    confirm({
      title,
      body: [h("p", {}, text)],
      action: button,
      isDangerous: true,
      perform: async () => {
        await change("POST", `/webhooks/${registrationId}/rotate-secret`, { end });
        await reload();
        return "Done.";
      },
    });
  return h("button", { type: "button", id: `rotation-${end}`, onclick: ask }, button);
}
