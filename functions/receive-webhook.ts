import { openEndpoint } from "../shared/http/endpoint";
import { rawBody, rawQuery, sourceAddress } from "../shared/http/read-request";
import { deliveryReceiptSchema, registrationIdParameter } from "../shared/http/schemas";
import { receiveDelivery } from "../shared/usecases/receive-delivery";

/** `POST /webhooks/{registrationId}`: the one door through which providers deliver. */
openEndpoint(
  {
    name: "receive-webhook",
    method: "POST",
    route: "webhooks/{registrationId:minlength(7)}",
    summary: "Deliver events (called by the provider)",
    access: "provider",
    parameters: { path: { registrationId: registrationIdParameter } },
    responses: { 200: { description: "Every event asked for is durably queued.", schema: deliveryReceiptSchema } },
    errors: [
      "delivery_refused",
      "registration_not_found",
      "length_required",
      "payload_too_large",
      "rate_limited",
      "queue_unavailable",
      "store_unavailable",
      "secrets_unavailable",
      "keys_unavailable",
    ],
  },
  async ({ services, request, params }) => {
    const result = await receiveDelivery(services, {
      registrationId: params["registrationId"] ?? "",
      headers: request.headers,
      readBody: () => rawBody(request),
      remoteAddress: sourceAddress(request),
      readQuery: () => rawQuery(request),
    });
    if (result.kind === "handshake") return result.reply;
    return result.reply ?? { jsonBody: result.receipt };
  },
);
