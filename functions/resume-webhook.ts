import { managementEndpoint } from "../shared/http/endpoint";
import { registrationIdParameter, webhookSchema } from "../shared/http/schemas";
import { resumeWebhook } from "../shared/usecases/pause-webhook";

/** `POST /webhooks/{registrationId}/resume`: queues what was held, in the order of receipt. */
managementEndpoint(
  {
    name: "resume-webhook",
    method: "POST",
    route: "webhooks/{registrationId:minlength(7)}/resume",
    summary: "Queue what was held of a webhook",
    access: "webhooks.write",
    parameters: { path: { registrationId: registrationIdParameter } },
    responses: { 202: { description: "The webhook; `pause` is gone once nothing is held.", schema: webhookSchema } },
    errors: ["registration_not_found", "document_changed", "store_unavailable", "queue_unavailable"],
  },
  async ({ services, caller, params }) => {
    const { tenantId, isOperator } = caller;
    const key = { tenantId, isOperator, registrationId: params["registrationId"] ?? "" };
    return { status: 202, jsonBody: await resumeWebhook(services, key) };
  },
);
