import { managementEndpoint } from "../shared/http/endpoint";
import { conflictIdParameter, conflictSchema } from "../shared/http/shard-schemas";
import { getConflict, toConflictView } from "../shared/usecases/list-conflicts";

/** `GET /conflicts/{conflictId}`: both versions of every field, and the base they came from. */
managementEndpoint(
  {
    name: "get-conflict",
    method: "GET",
    route: "conflicts/{conflictId}",
    summary: "Get a conflict",
    access: "webhooks.read",
    parameters: { path: { conflictId: conflictIdParameter } },
    responses: { 200: { description: "The conflict.", schema: conflictSchema } },
    errors: ["invalid_request", "conflict_not_found", "store_unavailable"],
  },
  async ({ services, caller, params }) => {
    const key = { tenantId: caller.tenantId, conflictId: params["conflictId"] ?? "" };
    return { jsonBody: toConflictView(await getConflict(services, key)) };
  },
);
