import { accountKinds } from "../core/account-routing";
import { eventPatternSource } from "../core/event-pattern";
import { errorCatalogue } from "../core/errors";
import { redactionPathSource } from "../core/redaction";
import type { Provider } from "../core/provider";
import { queueSchema } from "./overview-schemas";

/** A JSON schema. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** JSON schemas of the management API: they validate requests and they are what `GET /openapi.json` shows. */

/** A text of the tenant's own, without control characters. */
export const label = { type: "string", minLength: 1, maxLength: 200, pattern: "^[^\\u0000-\\u001f]+$" } as const;

const events = {
  type: "array",
  minItems: 1,
  maxItems: 200,
  uniqueItems: true,
  description: "Event patterns: `Contact.created`, `Contact.*`, `*`, a provider's own name such as `issues.opened`.",
  items: { type: "string", maxLength: 200, pattern: eventPatternSource },
} as const;

const webhookSecret = {
  type: "string",
  minLength: 8,
  maxLength: 1024,
  description: "The provider's own secret, where the provider issues it (Slack, Notion). Never shown again.",
} as const;

/** Settings of `verification` that every provider takes. */
const commonSettings = {
  toleranceSeconds: { type: "integer", minimum: 1, maximum: 3600 },
} as const;

/** `verification` as one provider takes it: what it does not know is refused by name. */
function verificationOf(provider: Provider): object {
  return {
    title: provider.displayName,
    type: "object",
    additionalProperties: false,
    properties: { scheme: { enum: provider.schemes }, ...commonSettings, ...provider.verificationProperties },
  };
}

/** How deliveries prove their origin: for one provider its own settings, for a description of the API those of any. */
function verificationOfAny(providers: readonly Provider[]): object {
  const [first, ...others] = providers.map(verificationOf);
  return others.length === 0
    ? (first ?? {})
    : { description: "Depends on the integration.", anyOf: [first, ...others] };
}

const provision = {
  type: "boolean",
  description:
    "Set the webhook up at its provider by the credentials of the connection, where the provider has an API.",
} as const;

/** Where at its provider a webhook is set up: each kind of target has its own fields. */
function targetOf(providers: readonly Provider[]): { readonly target?: object } {
  const oneOf = providers.flatMap(({ provisioning }) => provisioning?.targets ?? []);
  if (oneOf.length === 0) return {};
  const discriminator = { propertyName: "kind" };
  return { target: { type: "object", description: "Needed with `provision`.", discriminator, oneOf } };
}

const metadata = {
  type: "object",
  maxProperties: 50,
  description: "Notes of your own.",
  additionalProperties: { type: "string", maxLength: 1000 },
} as const;

const retryPolicy = {
  type: "object",
  additionalProperties: false,
  properties: {
    maxRetries: { type: "integer", minimum: 0, maximum: 20 },
    backoffSeconds: { type: "integer", minimum: 1, maximum: 3600 },
  },
} as const;

const redact = {
  type: "array",
  maxItems: 100,
  uniqueItems: true,
  description: "Paths into the data of events that the delivery log must not hold: `Email`, `owner.email`.",
  items: { type: "string", maxLength: 1000, pattern: redactionPathSource },
} as const;

const keepBodies = {
  type: "boolean",
  description:
    "Keep deliveries as they come in, body included: the log shows them, and what was refused can be replayed once it verifies.",
} as const;

/** Body of `POST /integrations/{integrationId}/webhooks`, for a webhook of one of the providers. */
export function registerBodySchema(providers: readonly Provider[]): JsonSchema {
  const verification = verificationOfAny(providers);
  const schema = {
    title: "RegisterWebhook",
    type: "object",
    additionalProperties: false,
    properties: {
      connectionId: label,
      events,
      webhookSecret,
      provision,
      ...targetOf(providers),
      verification,
      metadata,
      retryPolicy,
      redact,
      keepBodies,
    },
  };
  const kinds = providers.flatMap(({ accounts }) => accounts?.kind ?? []);
  return kinds.length === 0 ? { ...schema, ...ownWebhook } : { ...schema, ...sharedOrOwn(schema.properties, kinds) };
}

/** What every webhook has that events are queued for. */
const ownWebhook = { required: ["connectionId", "events"] };

function sharedOrOwn(properties: object, kinds: readonly string[]): object {
  const description =
    "Makes it a shared webhook, whose deliveries go to the webhooks that its routes lead to. For operators.";
  const routing = { enum: [...new Set(kinds)], description };
  return { properties: { ...properties, routing }, if: { required: ["routing"] }, then: {}, else: ownWebhook };
}

/** Body of `PATCH /webhooks/{registrationId}`, for a webhook of one of the providers. */
export function updateBodySchema(providers: readonly Provider[]): JsonSchema {
  return {
    title: "UpdateWebhook",
    type: "object",
    minProperties: 1,
    additionalProperties: false,
    properties: {
      connectionId: label,
      events,
      webhookSecret,
      status: { enum: ["active", "inactive"] },
      verification: verificationOfAny(providers),
      metadata,
      retryPolicy,
      redact,
      keepBodies,
    },
  };
}

/** Body of `POST /webhooks/{registrationId}/confirm`. */
export const confirmBodySchema = {
  title: "ConfirmSecret",
  type: "object",
  additionalProperties: false,
  properties: {
    candidateId: { type: "string", minLength: 1, maxLength: 64 },
    discard: { type: "boolean" },
  },
} as const;

/** Body of `POST /webhooks/{registrationId}/rotate-secret`. */
export const rotateBodySchema = {
  title: "RotateSecret",
  type: "object",
  additionalProperties: false,
  properties: {
    webhookSecret: {
      ...webhookSecret,
      description: "The new secret, where the present one was brought. Never shown again.",
    },
    overlapHours: { type: "integer", minimum: 1, maximum: 2160, description: "How long both verify at most." },
    quietHours: {
      type: "integer",
      minimum: 0,
      maximum: 2160,
      description: "The old one is retired once only the new one was seen for so long.",
    },
    quietDeliveries: {
      type: "integer",
      minimum: 1,
      maximum: 1_000_000,
      description: "Or in so many deliveries in a row.",
    },
    end: {
      enum: ["finish", "cancel"],
      description:
        "`finish` retires the old one at once; `cancel` lets it count again, and the new one verify for a while.",
    },
  },
  if: { required: ["end"] },
  then: { maxProperties: 1 },
} as const;

const time = { type: "string", format: "date-time" } as const;
const textList = { type: "array", items: { type: "string" } } as const;

const webhookProperties = {
  registrationId: { type: "string" },
  webhookUrl: { type: "string", format: "uri" },
  integrationId: { type: "string" },
  connectionId: { type: "string" },
  events: textList,
  status: { enum: ["active", "inactive", "failed", "pending_verification", "pending_provider"] },
  isVerified: { type: "boolean" },
  verifiedAt: time,
  secretOrigin: { enum: ["generated", "imported", "captured", "none"] },
  verification: { type: "object" },
  candidateSecrets: { type: "integer" },
  routing: { enum: accountKinds, description: "Set where the webhook is shared." },
  retryPolicy: { type: "object" },
  redact: textList,
  keepBodies: { type: "boolean", description: "Bodies of deliveries are kept." },
  pause: {
    type: "object",
    description: "Deliveries are held, or what was held is being queued.",
    properties: { state: { enum: ["paused", "resuming"] }, since: time, resumedAt: time, by: { type: "string" } },
  },
  metadata: { type: "object" },
  provisioning: {
    type: "object",
    description: "How the webhook stands at its provider, where we set it up there.",
    required: ["target", "state"],
    properties: {
      target: { type: "object" },
      state: { enum: ["pending", "ready"] },
      reason: { type: "string", description: "Why the last attempt to set it up or to renew it failed." },
      detail: { type: "string", description: "The provider, its status and its own code." },
      failingSince: time,
      retryAt: time,
      expiresAt: time,
    },
  },
  rotation: {
    type: "object",
    description: "A change of the secret that is under way.",
    required: ["startedAt", "startedBy", "deadline", "quietSeconds"],
    properties: {
      startedAt: time,
      startedBy: { enum: ["owner", "policy"] },
      deadline: time,
      quietSeconds: { type: "integer" },
      quietDeliveries: { type: "integer" },
      warnedAt: { ...time, description: "When we first warned that the deadline is near and the old one in use." },
    },
  },
  createdAt: time,
  updatedAt: time,
  setup: { ...textList, description: "What to do at the provider, in order." },
} as const;

/** A registration, without its secret. */
export const webhookSchema = {
  title: "Webhook",
  type: "object",
  required: ["registrationId", "webhookUrl", "integrationId", "connectionId", "events", "status"],
  properties: webhookProperties,
} as const;

/** The reply to a registration: the only one with the secret in it. */
export const newWebhookSchema = {
  ...webhookSchema,
  title: "NewWebhook",
  properties: {
    ...webhookProperties,
    webhookSecret: { type: "string", description: "Shown this once, and only where we made it." },
  },
} as const;

/** What became of the webhooks of an integration. */
export const integrationPauseSchema = {
  title: "IntegrationPause",
  type: "object",
  required: ["integrationId", "webhooks"],
  properties: {
    integrationId: { type: "string" },
    webhooks: { type: "integer", description: "How many were paused or resumed." },
  },
} as const;

/** The health of one webhook. */
export const webhookHealthSchema = {
  title: "WebhookHealth",
  type: "object",
  required: ["registrationId", "status", "failureCount", "failureRate", "recommendations"],
  properties: {
    registrationId: { type: "string" },
    integrationId: { type: "string" },
    status: { enum: ["healthy", "degraded", "failed"] },
    registrationStatus: webhookProperties.status,
    failureCount: { type: "integer" },
    failureRate: { type: "number", minimum: 0, maximum: 100 },
    lastEventAt: time,
    lastFailureAt: time,
    failureReasons: { type: "array", items: { type: "object" } },
    counts: { type: "object" },
    windowMinutes: { type: "integer" },
    deadLettersCount: {
      type: "integer",
      description: "Events that were given up and wait to be replayed or discarded; 1,000 stands for as many or more.",
    },
    heldCount: { type: "integer", description: "Events that are held; only while the webhook is paused." },
    heldAtMost: {
      type: "object",
      description: "At either, deliveries are answered 503; only while the webhook is paused.",
      required: ["events", "until"],
      properties: { events: { type: "integer" }, until: time },
    },
    silence: {
      type: "object",
      description: "What is usual between deliveries, once enough of them came to tell.",
      properties: {
        usualSeconds: { type: "integer" },
        longestSeconds: { type: "integer" },
        isAlarming: { type: "boolean" },
      },
    },
    secret: {
      type: "object",
      description: "How old the secret is, when it is due to be changed, and how a change that is under way stands.",
      required: ["since"],
      properties: { since: time, dueAt: time, rotatesItself: { const: true }, rotation: { type: "object" } },
    },
    recommendations: textList,
  },
} as const;

/** One page of webhooks. */
export const webhookPageSchema = {
  title: "WebhookPage",
  type: "object",
  required: ["webhooks"],
  properties: {
    webhooks: { type: "array", items: { allOf: [webhookSchema], properties: { health: webhookHealthSchema } } },
    nextCursor: { type: "string" },
  },
} as const;

/** The candidates of a handshake, or the registration once one is confirmed. */
export const confirmReplySchema = {
  title: "ConfirmReply",
  type: "object",
  properties: {
    candidates: {
      type: "array",
      items: {
        type: "object",
        required: ["candidateId", "receivedAt"],
        properties: {
          candidateId: { type: "string" },
          receivedAt: time,
          secret: { type: "string" },
          use: { enum: ["callback_verification"] },
        },
      },
    },
    ...webhookProperties,
  },
} as const;

/** The service as a whole. */
export const serviceHealthSchema = {
  title: "ServiceHealth",
  type: "object",
  required: ["status", "registrationsCount", "failedRegistrationsCount", "cacheHitRate"],
  properties: {
    status: { enum: ["healthy", "degraded", "unhealthy"] },
    registrationsCount: { type: "integer" },
    failedRegistrationsCount: { type: "integer" },
    cacheHitRate: { type: "number" },
    queue: queueSchema,
    canary: { type: "object", description: "What became of the latest events of our own, where they are on." },
    syncEngine: { enum: ["built_in", "external"], description: "Who does the sync tasks." },
    problems: {
      type: "array",
      description: "Settings that are missing or wrong; for an operator only.",
      items: { type: "object", properties: { path: { type: "string" }, message: { type: "string" } } },
    },
  },
} as const;

const receiptProperties = {
  eventName: { type: "string" },
  eventType: { enum: ["created", "updated", "deleted", "restored", "occurred"] },
  entityType: { type: "string" },
  entityId: { type: "string" },
  nativeType: { type: "string" },
  syncTriggered: { type: "boolean" },
} as const;

/** The reply to a verified delivery. */
export const deliveryReceiptSchema = {
  title: "DeliveryReceipt",
  type: "object",
  required: ["success", "syncTriggered", "deliveryId", "events"],
  properties: {
    success: { const: true },
    ...receiptProperties,
    deliveryId: { type: "string" },
    duplicate: { const: true },
    held: { const: true, description: "The webhook is paused: its events are queued when it is resumed." },
    ignored: { type: "string" },
    processingTimeMs: { type: "number" },
    events: { type: "array", items: { type: "object", properties: receiptProperties } },
  },
} as const;

/** An error (RFC 9457). */
export const problemSchema = {
  title: "Problem",
  type: "object",
  required: ["type", "title", "status", "code"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { enum: Object.keys(errorCatalogue) },
    problems: {
      type: "array",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: { path: { type: "string" }, message: { type: "string" } },
      },
    },
  },
} as const;

/** Path parameter: an integration. */
export const integrationIdParameter = { type: "string", minLength: 1, maxLength: 64 } as const;

/** Path parameter: a registration. */
export const registrationIdParameter = { type: "string", minLength: 1, maxLength: 128 } as const;

/** Query parameter of every list: how many a page. */
const limitParameter = { type: "integer", minimum: 1, maximum: 200 } as const;

/** Query parameter of every list: where the page begins. */
const cursorParameter = { type: "string", maxLength: 4096 } as const;

/** Query parameters of every list that has pages. */
export const pageParameters = { limit: limitParameter, cursor: cursorParameter } as const;

const DEFAULT_LIMIT = 50;

/** The page that checked query parameters ask for. */
export function readPage({ limit, cursor }: Readonly<Record<string, unknown>>): {
  readonly limit: number;
  readonly cursor?: string;
} {
  return {
    limit: typeof limit === "number" ? limit : DEFAULT_LIMIT,
    ...(typeof cursor === "string" && { cursor }),
  };
}
