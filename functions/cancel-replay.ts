import { managementEndpoint } from "../shared/http/endpoint";
import { replayIdParameter, replaySchema } from "../shared/http/replay-schemas";
import { cancelReplay } from "../shared/usecases/run-replay";

/** `POST /replays/{replayId}/cancel`: stops a replay, or drops a plan. */
managementEndpoint(
  {
    name: "cancel-replay",
    method: "POST",
    route: "replays/{replayId}/cancel",
    summary: "Cancel a replay",
    access: "webhooks.write",
    parameters: { path: { replayId: replayIdParameter } },
    responses: { 200: { description: "The replay, which queues no more.", schema: replaySchema } },
    errors: ["invalid_request", "replay_not_found", "replay_ended", "document_changed", "store_unavailable"],
  },
  async ({ services, caller, params }) => ({
    jsonBody: await cancelReplay(services, caller, params["replayId"] ?? ""),
  }),
);
