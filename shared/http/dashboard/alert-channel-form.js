import { conditionChoices } from "./alert-words.js";
import { h } from "./dom.js";
import { field } from "./parts.js";
import { kindPicker, listIn, ticks } from "./typed-fields.js";

/** @import { AlertChannelView } from "../../usecases/alert-channel-view" */
/** @import { ChannelKind } from "../../core/alert-channel" */
/** @import { FieldSpec } from "./typed-fields.js" */

/** @type {FieldSpec} */
const url = { name: "url", label: "URL", kind: "secret" };

/** Where a channel of each kind leads. @type {Readonly<Record<ChannelKind, { readonly title: string, readonly fields: readonly FieldSpec[] }>>} */
const targets = {
  slack: { title: "Slack", fields: [{ ...url, label: "URL of the incoming webhook" }] },
  teams: { title: "Teams", fields: [{ ...url, label: "URL of the workflow" }] },
  pagerduty: {
    title: "PagerDuty",
    fields: [
      { name: "routingKey", label: "Integration key (Events API v2)", kind: "secret" },
      {
        name: "region",
        label: "Region",
        kind: [
          ["us", "US"],
          ["eu", "EU"],
        ],
      },
    ],
  },
  email: { title: "E-mail", fields: [{ name: "to", label: "Addresses", kind: "list", hint: "ops@example.com, …" }] },
  webhook: {
    title: "A URL of yours",
    fields: [
      { ...url, label: "URL, of a host that the operator allows" },
      { name: "secret", label: "Signing secret; one is made without", kind: "secret", isOptional: true },
    ],
  },
};

const severities = /** @type {const} */ ([
  ["critical", "critical"],
  ["warning", "warning"],
]);

/**
 * @typedef {object} ChannelForm
 * @property {readonly HTMLElement[]} elements
 * @property {() => object} read the body of `PUT /alert-channels/{channelId}`
 */

/**
 * The fields of a channel, which all are replaced by what is typed, but for the target that is left as it is.
 * @param {AlertChannelView} [channel]
 * @returns {ChannelForm}
 */
export function channelFields(channel) {
  const target = kindPicker({
    label: "Kind",
    kinds: targets,
    ...(channel && { kept: `As it is (${targets[channel.kind].title})` }),
  });
  const about = aboutFields(channel);
  const quiet = quietFields(channel?.quietHours);
  const elements = [
    part("Where it leads", ...target.elements, quietly("What is typed here is kept secret and shown to nobody again.")),
    part("What it tells", ...about.elements),
    part("Quiet hours", ...quiet.elements, quietly("What happens meanwhile is told afterwards, together.")),
  ];
  const read = () => ({ ...withTarget(target.read()), ...about.read(), ...quiet.read() });
  return { elements, read };
}

/** @param {object | undefined} target */
function withTarget(target) {
  return target === undefined ? {} : { target };
}

/**
 * @param {string} legend
 * @param {...HTMLElement} children
 */
function part(legend, ...children) {
  return h("fieldset", { class: "part" }, h("legend", {}, legend), h("div", { class: "limits" }, children));
}

/** @param {string} text */
function quietly(text) {
  return h("p", { class: "quiet" }, text);
}

/** @param {AlertChannelView | undefined} channel */
function aboutFields(channel) {
  const conditions = ticks("Conditions (none: all)", "conditions", conditionChoices(), channel?.conditions ?? []);
  const service = ticks(
    "The service as a whole",
    "service",
    [["true", "Told of that, and of nothing else; for operators"]],
    [...(channel?.service ? ["true"] : [])],
  );
  const integrations = h("input", {
    id: "integrations",
    value: channel?.integrations?.join(", ") ?? "",
    placeholder: "all",
  });
  const webhooks = h("textarea", { id: "webhooks", rows: 2, class: "code", placeholder: "all" });
  webhooks.value = channel?.webhooks?.join("\n") ?? "";
  const group = h("input", {
    type: "number",
    id: "groupSeconds",
    min: 0,
    max: 3600,
    value: channel?.groupSeconds ?? 0,
  });
  const read = () => ({
    ...listed("conditions", tickedIn(conditions)),
    ...listed("integrations", listIn(integrations.value)),
    ...listed("webhooks", listIn(webhooks.value)),
    groupSeconds: Number(group.value),
    ...(tickedIn(service).length > 0 && { service: true }),
  });
  const elements = [
    conditions,
    field("Integrations", integrations),
    field("Webhooks, by their ids", webhooks),
    field("Changes gathered for (seconds)", group),
    service,
  ];
  return { elements, read };
}

/** @param {AlertChannelView["quietHours"]} hours */
function quietFields(hours) {
  const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zone = h("input", {
    id: "timeZone",
    value: hours?.timeZone ?? ownZone,
    list: "time-zones",
    autocomplete: "off",
  });
  const zones = h(
    "datalist",
    { id: "time-zones" },
    Intl.supportedValuesOf("timeZone").map((value) => h("option", { value })),
  );
  const from = h("input", { type: "time", id: "quiet-from", value: hours?.from ?? "" });
  const to = h("input", { type: "time", id: "quiet-to", value: hours?.to ?? "" });
  const exempt = ticks("Told all the same", "exempt", severities, hours?.exempt ?? []);
  const read = () => {
    if (from.value === "" && to.value === "") return {};
    const times = Object.entries({ timeZone: zone.value.trim(), from: from.value, to: to.value });
    return {
      quietHours: {
        ...Object.fromEntries(times.filter(([, value]) => value !== "")),
        ...listed("exempt", tickedIn(exempt)),
      },
    };
  };
  return { elements: [field("From", from), field("To", to), field("Time zone", zone), zones, exempt], read };
}

/**
 * @param {string} name
 * @param {readonly string[]} entries
 */
function listed(name, entries) {
  return entries.length === 0 ? {} : { [name]: entries };
}

/** @param {HTMLElement} fieldset */
function tickedIn(fieldset) {
  return [...fieldset.querySelectorAll("input")].filter(({ checked }) => checked).map(({ value }) => value);
}
