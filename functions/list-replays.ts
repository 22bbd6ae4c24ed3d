import { managementEndpoint } from "../shared/http/endpoint";
import { replayPageSchema } from "../shared/http/replay-schemas";
import { cursorParameter, limitParameter } from "../shared/http/schemas";
import { listReplays } from "../shared/usecases/list-replays";

/** `GET /replays`: plans of the last hour, and what was run. */
managementEndpoint(
  {
    name: "list-replays",
    method: "GET",
    route: "replays",
    summary: "List replays of many deliveries",
    access: "webhooks.read",
    parameters: { query: { limit: limitParameter, cursor: cursorParameter } },
    responses: { 200: { description: "One page, newest first.", schema: replayPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query: { limit, cursor } }) => ({
    jsonBody: await listReplays(services, caller.tenantId, {
      limit: typeof limit === "number" ? limit : 50,
      ...(typeof cursor === "string" && { cursor }),
    }),
  }),
);
