import type { ConflictStatus } from "../shared/core/conflict";
import { managementEndpoint } from "../shared/http/endpoint";
import { pageParameters, readPage } from "../shared/http/schemas";
import { conflictPageSchema, shardIdParameter } from "../shared/http/shard-schemas";
import { listConflicts } from "../shared/usecases/list-conflicts";

const statuses: readonly ConflictStatus[] = ["open", "resolved", "superseded"];

/** `GET /conflicts`: what waits for a person, or did. Open ones by default. */
managementEndpoint(
  {
    name: "list-conflicts",
    method: "GET",
    route: "conflicts",
    summary: "List conflicts",
    access: "webhooks.read",
    parameters: {
      query: {
        status: { enum: statuses },
        shardId: shardIdParameter,
        ...pageParameters,
      },
    },
    responses: { 200: { description: "One page, newest first.", schema: conflictPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query }) => {
    const { shardId } = query;
    const page = await listConflicts(services, caller.tenantId, {
      status: statuses.find((known) => known === query["status"]) ?? "open",
      ...readPage(query),
      ...(typeof shardId === "string" && { shardId }),
    });
    return { jsonBody: page };
  },
);
