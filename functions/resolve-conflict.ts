import { managementEndpoint } from "../shared/http/endpoint";
import { conflictIdParameter, conflictSchema, resolveBodySchema } from "../shared/http/shard-schemas";
import { toConflictView } from "../shared/usecases/list-conflicts";
import { resolveConflict, type ResolveRequest } from "../shared/usecases/resolve-conflict";

/** `POST /conflicts/{conflictId}/resolve`: a person decides, for all of it or field by field. */
managementEndpoint<ResolveRequest>(
  {
    name: "resolve-conflict",
    method: "POST",
    route: "conflicts/{conflictId}/resolve",
    summary: "Resolve a conflict",
    access: "webhooks.write",
    parameters: { path: { conflictId: conflictIdParameter } },
    body: resolveBodySchema,
    responses: { 200: { description: "The conflict as it ended.", schema: conflictSchema } },
    errors: [
      "invalid_request",
      "invalid_json",
      "conflict_not_found",
      "conflict_settled",
      "shard_too_large",
      "store_unavailable",
      "queue_unavailable",
    ],
  },
  async ({ services, caller, params, body }) => {
    const key = { tenantId: caller.tenantId, subject: caller.subject, conflictId: params["conflictId"] ?? "" };
    return { jsonBody: toConflictView(await resolveConflict(services, key, body)) };
  },
);
