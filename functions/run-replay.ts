import { managementEndpoint } from "../shared/http/endpoint";
import { replayIdParameter, replaySchema, runReplayBodySchema } from "../shared/http/replay-schemas";
import { type ReplayRun, runReplay } from "../shared/usecases/run-replay";

/** `POST /replays/{replayId}/run`: begins with what was planned, so many events a second. */
managementEndpoint<Pick<ReplayRun, "ratePerSecond">>(
  {
    name: "run-replay",
    method: "POST",
    route: "replays/{replayId}/run",
    summary: "Run a replay that was planned",
    access: "webhooks.write",
    parameters: { path: { replayId: replayIdParameter } },
    body: runReplayBodySchema,
    responses: { 202: { description: "The replay, under way.", schema: replaySchema } },
    errors: [
      "invalid_request",
      "invalid_json",
      "replay_not_found",
      "replay_ended",
      "document_changed",
      "store_unavailable",
      "queue_unavailable",
    ],
  },
  async ({ services, caller, params, body }) => ({
    status: 202,
    jsonBody: await runReplay(services, caller, { ...body, replayId: params["replayId"] ?? "" }),
  }),
);
