import { textAt } from "../shared/core/json";
import { deliveryIdParameter, queuedReplaySchema } from "../shared/http/delivery-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { replayDelivery } from "../shared/usecases/replay-delivery";

/** `POST /deliveries/{deliveryId}/replay`: queues an event once more, or what is kept of a delivery that was refused. */
managementEndpoint(
  {
    name: "replay-delivery",
    method: "POST",
    route: "deliveries/{deliveryId}/replay",
    summary: "Replay a delivery",
    access: "webhooks.write",
    parameters: { path: { deliveryId: deliveryIdParameter } },
    begins: (_, reply) => ({ replayId: textAt(reply, "replayId") }),
    responses: { 202: { description: "Queued; the delivery says what became of it.", schema: queuedReplaySchema } },
    errors: [
      "invalid_request",
      "delivery_not_found",
      "delivery_not_kept",
      "delivery_unproved",
      "nothing_to_replay",
      "registration_not_found",
      "store_unavailable",
      "queue_unavailable",
      "secrets_unavailable",
      "keys_unavailable",
    ],
  },
  async ({ services, caller, params }) => {
    const key = { tenantId: caller.tenantId, deliveryId: params["deliveryId"] ?? "" };
    return { status: 202, jsonBody: await replayDelivery(services, key, caller.subject) };
  },
);
