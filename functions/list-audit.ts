import { auditPageSchema, auditParameters } from "../shared/http/audit-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { type AuditQuery, listAudit } from "../shared/usecases/list-audit";

/** `GET /audit`: who changed what. */
managementEndpoint(
  {
    name: "list-audit",
    method: "GET",
    route: "audit",
    summary: "List who changed what",
    access: "webhooks.read",
    parameters: { query: auditParameters },
    responses: { 200: { description: "One page, newest first.", schema: auditPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query }) => {
    const { limit = 50, ...rest } = query;
    // The schema lets only strings through, and a whole number as the limit.
    return { jsonBody: await listAudit(services, caller, { ...rest, limit } as AuditQuery) };
  },
);
