import { openEndpoint } from "../shared/http/endpoint";
import { sourceAddress } from "../shared/http/read-request";
import { registrationIdParameter } from "../shared/http/schemas";
import { validateOrigin } from "../shared/usecases/validate-origin";

/** `OPTIONS /webhooks/{registrationId}`: the abuse protection of CloudEvents, by which a sender asks for consent. */
openEndpoint(
  {
    name: "validate-webhook-origin",
    method: "OPTIONS",
    route: "webhooks/{registrationId:minlength(7)}",
    summary: "Ask whether events may be delivered (CloudEvents)",
    access: "anonymous",
    parameters: { path: { registrationId: registrationIdParameter } },
    responses: { 200: { description: "They may, as `WebHook-Allowed-Origin` and `WebHook-Allowed-Rate` say." } },
    errors: ["registration_not_found", "rate_limited", "store_unavailable", "secrets_unavailable"],
  },
  async ({ services, request, params }) => {
    const { allowedOrigin, allowedRate } = await validateOrigin(services, {
      registrationId: params["registrationId"] ?? "",
      origin: request.headers.get("webhook-request-origin"),
      requestedRate: request.headers.get("webhook-request-rate"),
      remoteAddress: sourceAddress(request),
    });
    const headers = {
      allow: "POST",
      "webhook-allowed-origin": allowedOrigin,
      "webhook-allowed-rate": String(allowedRate),
    };
    return { status: 200, headers };
  },
);
