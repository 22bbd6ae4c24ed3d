import { managementEndpoint } from "../shared/http/endpoint";
import { replayPageSchema } from "../shared/http/replay-schemas";
import { pageParameters, readPage } from "../shared/http/schemas";
import { listReplays } from "../shared/usecases/list-replays";

/** `GET /replays`: plans of the last hour, and what was run. */
managementEndpoint(
  {
    name: "list-replays",
    method: "GET",
    route: "replays",
    summary: "List replays of many deliveries",
    access: "webhooks.read",
    parameters: { query: pageParameters },
    responses: { 200: { description: "One page, newest first.", schema: replayPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query }) => ({
    jsonBody: await listReplays(services, caller.tenantId, readPage(query)),
  }),
);
