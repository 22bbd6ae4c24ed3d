import { operations, tenantTiers } from "../core/rate-limit";

/** JSON schemas of the limits of our calls to providers, beside those of `schemas.ts`. */

const requestsPerMinute = {
  type: "integer",
  minimum: 1,
  maximum: 1_000_000,
  description: "Calls within any 60 seconds.",
} as const;
const eachOperation = (schema: object) => Object.fromEntries(operations.map((operation) => [operation, schema]));

/** Path parameter: a tenant. */
export const tenantIdParameter = { type: "string", minLength: 1, maxLength: 200 } as const;

/** Body of `PUT /rate-limits/{integrationId}/limit`. */
export const integrationLimitBodySchema = {
  title: "SetRateLimit",
  type: "object",
  additionalProperties: false,
  description: "What is absent is the default again.",
  properties: {
    requestsPerMinute,
    operations: { type: "object", additionalProperties: false, properties: eachOperation(requestsPerMinute) },
  },
} as const;

/** Body of `PUT /rate-limits/tenant/{tenantId}/limit`. */
export const tenantLimitBodySchema = {
  title: "SetTenantRateLimit",
  type: "object",
  additionalProperties: false,
  maxProperties: 1,
  description: "A figure or a tier; an empty object is the default again.",
  properties: { requestsPerMinute, tier: { enum: Object.keys(tenantTiers) } },
} as const;

/** The limits of an integration. */
export const integrationLimitSchema = {
  title: "RateLimit",
  type: "object",
  required: ["integrationId", "requestsPerMinute", "operations"],
  properties: {
    integrationId: { type: "string" },
    requestsPerMinute,
    operations: { type: "object", properties: eachOperation(requestsPerMinute) },
  },
} as const;

/** The total of a tenant. */
export const tenantLimitSchema = {
  title: "TenantRateLimit",
  type: "object",
  required: ["tenantId", "requestsPerMinute", "maximum"],
  properties: {
    tenantId: { type: "string" },
    requestsPerMinute,
    tier: { enum: Object.keys(tenantTiers) },
    maximum: { type: "integer", description: "The most that the tenant may set itself." },
  },
} as const;

const levelProperties = {
  requestsPerMinute,
  requestsMade: { type: "integer" },
  requestsRemaining: { type: "integer" },
  windowResetAt: { type: "string", format: "date-time" },
  isThrottled: { type: "boolean", description: "From 80 percent of the limit on." },
} as const;
const level = { type: "object", required: Object.keys(levelProperties), properties: levelProperties } as const;

/** Where the limits stand. */
export const rateLimitStatusSchema = {
  title: "RateLimitStatus",
  type: "object",
  required: ["integrationId", ...Object.keys(levelProperties), "adaptiveMultiplier", "operations", "tenant"],
  properties: {
    integrationId: { type: "string" },
    ...levelProperties,
    adaptiveMultiplier: {
      enum: [1, 0.75, 0.5],
      description: "The share of the limits that is used, because the provider's quota runs out.",
    },
    operations: { type: "object", properties: eachOperation(level) },
    tenant: level,
  },
} as const;
