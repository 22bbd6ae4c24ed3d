import { pageParameters } from "./schemas";

/** JSON schemas of the audit log. */

const text = { type: "string" } as const;
const searched = { type: "string", minLength: 1, maxLength: 1000 } as const;
const facts = { type: "object", description: "Facts that differ; never a secret or a person's data." } as const;

/** Query parameters of `GET /audit`. */
export const auditParameters = {
  resource: { ...searched, description: "As in `/webhooks/{registrationId}`." },
  action: { ...searched, description: "The name of a function, as in `update-webhook`." },
  tenantId: { ...searched, description: "Another tenant's log; for operators only." },
  ...pageParameters,
} as const;

/** One page of the audit log. */
export const auditPageSchema = {
  title: "AuditPage",
  type: "object",
  required: ["entries"],
  properties: {
    entries: {
      type: "array",
      items: {
        title: "AuditEntry",
        type: "object",
        required: ["id", "tenantId", "at", "action", "resource", "by"],
        properties: {
          id: text,
          tenantId: text,
          at: { type: "string", format: "date-time" },
          action: text,
          resource: text,
          by: {
            type: "object",
            required: ["subject", "tenantId", "isOperator"],
            properties: { subject: text, tenantId: text, isOperator: { type: "boolean" } },
          },
          before: facts,
          after: facts,
          error: { ...text, description: "The code with which a change ended half-way." },
        },
      },
    },
    nextCursor: text,
  },
} as const;
