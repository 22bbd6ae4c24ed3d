/** JSON schemas of the routes of shared webhooks, beside those of `schemas.ts`. */

/** Path parameter: an account at the vendor. What one looks like depends on the vendor. */
export const accountIdParameter = { type: "string", minLength: 1, maxLength: 64 } as const;

const registrationId = {
  type: "string",
  minLength: 1,
  maxLength: 128,
  description: "The webhook that the account's deliveries are for, of whichever tenant.",
} as const;

/** Body of `PUT /webhooks/{registrationId}/routes/{accountId}`. */
export const routeBodySchema = {
  title: "PutRoute",
  type: "object",
  required: ["registrationId"],
  additionalProperties: false,
  properties: { registrationId },
} as const;

/** Whose the deliveries of an account are. */
export const routeSchema = {
  title: "Route",
  type: "object",
  required: ["accountId", "registrationId", "tenantId", "updatedAt", "updatedBy"],
  properties: {
    accountId: { type: "string" },
    registrationId,
    tenantId: { type: "string" },
    updatedAt: { type: "string", format: "date-time" },
    updatedBy: { type: "string" },
  },
} as const;

/** One page of routes. */
export const routePageSchema = {
  title: "RoutePage",
  type: "object",
  required: ["routes"],
  properties: { routes: { type: "array", items: routeSchema }, nextCursor: { type: "string" } },
} as const;
