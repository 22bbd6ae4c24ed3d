import { alertConditionNames, alertSeverities } from "../core/alert";
import { channelKinds } from "../core/alert-channel";
import { label } from "./schemas";

/** JSON schemas of alerts and their channels, beside those of `schemas.ts`. Targets go in and never come out. */

const url = {
  type: "string",
  format: "uri",
  maxLength: 2048,
  description:
    "An https address. Whoever knows it can write there: it is kept in the secret store and never shown again.",
} as const;

function target(kind: (typeof channelKinds)[number], required: object, optional: object = {}) {
  return {
    type: "object",
    required: ["kind", ...Object.keys(required)],
    additionalProperties: false,
    properties: { kind: { const: kind }, ...required, ...optional },
  } as const;
}

const anyTarget = {
  type: "object",
  description: "Where messages go. Needed for a new channel; without it the one that is set stays.",
  discriminator: { propertyName: "kind" },
  oneOf: [
    target("slack", { url }),
    target("teams", { url }),
    target(
      "pagerduty",
      { routingKey: { type: "string", pattern: "^[A-Za-z0-9]{32}$", description: "The integration key." } },
      { region: { enum: ["us", "eu"], default: "us" } },
    ),
    target("email", {
      to: {
        type: "array",
        minItems: 1,
        maxItems: 20,
        uniqueItems: true,
        items: { type: "string", format: "email", maxLength: 254 },
        description: "Addresses in the domains that the operator allows.",
      },
    }),
    target(
      "webhook",
      { url: { ...url, description: `${url.description} Its host must be one of ALERT_HOSTS.` } },
      { secret: { type: "string", maxLength: 200, description: "`whsec_…`; without it one is made, and shown once." } },
    ),
  ],
} as const;

const clock = { type: "string", pattern: "^([01]\\d|2[0-3]):[0-5]\\d$" } as const;
const quietHours = {
  type: "object",
  description: "What happens meanwhile is told afterwards, together.",
  required: ["timeZone", "from", "to"],
  additionalProperties: false,
  properties: {
    timeZone: { type: "string", minLength: 1, maxLength: 64, description: "An IANA name, such as `Europe/Zurich`." },
    from: { ...clock, description: "`HH:MM` by the clock on the wall." },
    to: { ...clock, description: "`HH:MM`; before `from` it is of the next day." },
    exempt: {
      type: "array",
      uniqueItems: true,
      maxItems: 10,
      items: { type: "string", enum: alertSeverities },
      description: "Severities that are told all the same.",
    },
  },
} as const;

const settings = {
  conditions: {
    type: "array",
    minItems: 1,
    uniqueItems: true,
    maxItems: 50,
    items: { type: "string", enum: alertConditionNames },
    description: "Absent: all that concern its owner.",
  },
  integrations: { type: "array", minItems: 1, maxItems: 50, uniqueItems: true, items: label },
  webhooks: { type: "array", minItems: 1, maxItems: 200, uniqueItems: true, items: label },
  quietHours,
  groupSeconds: {
    type: "integer",
    minimum: 0,
    maximum: 3600,
    description:
      "For how long changes are gathered into one message. What one run of the health timer finds is one anyway.",
  },
  service: {
    type: "boolean",
    description: "Told what concerns the service as a whole, and nothing else. For operators.",
  },
} as const;

const time = { type: "string", format: "date-time" } as const;

/** Path parameter: a channel, by a name of the tenant's own. */
export const channelIdParameter = { type: "string", pattern: "^[A-Za-z0-9._~-]{1,64}$" } as const;

/** Query parameter: what concerns the service as a whole, in place of the tenant's own; for operators. */
export const serviceParameter = { type: "boolean" } as const;

/** Query parameter: alerts that are over, in place of those that are not. */
export const endedParameter = {
  type: "boolean",
  description:
    "Those that were told and ended within the last 30 days, the latest first, in place of those that did not.",
} as const;

/** Body of `PUT /alert-channels/{channelId}`. */
export const channelBodySchema = {
  title: "PutAlertChannel",
  type: "object",
  additionalProperties: false,
  properties: { target: anyTarget, ...settings },
} as const;

/** A channel, without its target. */
export const channelSchema = {
  title: "AlertChannel",
  type: "object",
  required: ["channelId", "kind", "service", "groupSeconds", "status", "waiting", "lost", "createdAt", "updatedAt"],
  properties: {
    channelId: { type: "string" },
    kind: { enum: channelKinds },
    ...settings,
    status: { enum: ["ready", "failing"], description: "`failing`: what was tried last was not taken." },
    waiting: { type: "integer", description: "Changes that wait to be told." },
    lost: { type: "integer", description: "Changes that no attempt within a day could tell." },
    lastDeliveredAt: time,
    lastFailure: { type: "object", properties: { at: time, reason: { type: "string" } } },
    signingSecret: { type: "string", description: "Of a new `webhook` channel; shown this once." },
    createdAt: time,
    updatedAt: time,
  },
} as const;

/** One page of channels. */
export const channelPageSchema = {
  title: "AlertChannelPage",
  type: "object",
  required: ["alertChannels"],
  properties: { alertChannels: { type: "array", items: channelSchema }, nextCursor: { type: "string" } },
} as const;

/** How a test message went. */
export const channelTestSchema = {
  title: "AlertChannelTest",
  type: "object",
  required: ["delivered"],
  properties: {
    delivered: { type: "boolean" },
    reason: { type: "string", description: "A code, such as `status_404`." },
  },
} as const;

/** One page of alerts. */
export const alertPageSchema = {
  title: "AlertPage",
  type: "object",
  required: ["alerts"],
  properties: {
    alerts: {
      type: "array",
      items: {
        title: "Alert",
        type: "object",
        required: ["alertId", "condition", "subject", "state", "severity", "cause", "nextStep", "since"],
        properties: {
          alertId: { type: "string" },
          condition: { enum: alertConditionNames },
          subject: {
            type: "object",
            properties: { kind: { type: "string" }, id: { type: "string" }, integrationId: { type: "string" } },
          },
          state: {
            enum: ["rising", "open", "falling", "closed"],
            description: "`rising` and `falling` have to last to be told.",
          },
          severity: { enum: alertSeverities },
          cause: { type: "string" },
          nextStep: { type: "string" },
          since: time,
          endedAt: { ...time, description: "Of one that is `closed`." },
        },
      },
    },
    nextCursor: { type: "string" },
  },
} as const;
