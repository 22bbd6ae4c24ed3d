import { managementEndpoint } from "../shared/http/endpoint";
import { replayIdParameter, replaySchema } from "../shared/http/replay-schemas";
import { getReplay } from "../shared/usecases/list-replays";

/** `GET /replays/{replayId}`: what was planned, and how far it has come. */
managementEndpoint(
  {
    name: "get-replay",
    method: "GET",
    route: "replays/{replayId}",
    summary: "Get a replay",
    access: "webhooks.read",
    parameters: { path: { replayId: replayIdParameter } },
    responses: { 200: { description: "The replay.", schema: replaySchema } },
    errors: ["invalid_request", "replay_not_found", "store_unavailable"],
  },
  async ({ services, caller, params }) => ({
    jsonBody: await getReplay(services, caller.tenantId, params["replayId"] ?? ""),
  }),
);
