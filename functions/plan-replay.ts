import { managementEndpoint } from "../shared/http/endpoint";
import { planReplayBodySchema, replaySchema, toReplayPlan } from "../shared/http/replay-schemas";
import { planReplay } from "../shared/usecases/plan-replay";

/** `POST /replays`: what a replay of all that a search of the delivery log finds would be. */
managementEndpoint<Readonly<Record<string, unknown>>>(
  {
    name: "plan-replay",
    method: "POST",
    route: "replays",
    summary: "Plan a replay of many deliveries",
    access: "webhooks.write",
    body: planReplayBodySchema,
    creates: "/replays/{replayId}",
    responses: { 201: { description: "The plan, to be run within the hour.", schema: replaySchema } },
    errors: ["invalid_request", "invalid_json", "store_unavailable"],
  },
  async ({ services, caller, body }) => ({
    status: 201,
    jsonBody: await planReplay(services, caller, toReplayPlan(body)),
  }),
);
