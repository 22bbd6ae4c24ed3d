import { textAt } from "../shared/core/json";
import { managementEndpoint } from "../shared/http/endpoint";
import { repairSchema, startRepairBodySchema } from "../shared/http/repair-schemas";
import { registrationIdParameter } from "../shared/http/schemas";
import { type ManualRepair, requestRepair } from "../shared/usecases/request-repair";

/** `POST /webhooks/{registrationId}/repair`: asks the provider what it sent within a window, and fetches what is missing. */
managementEndpoint<Omit<ManualRepair, "tenantId" | "registrationId">>(
  {
    name: "start-repair",
    method: "POST",
    route: "webhooks/{registrationId:minlength(7)}/repair",
    summary: "Repair a gap",
    access: "webhooks.write",
    parameters: { path: { registrationId: registrationIdParameter } },
    body: startRepairBodySchema,
    begins: ({ scope }, reply) => ({ since: textAt(reply, "since"), until: textAt(reply, "until"), scope }),
    responses: { 202: { description: "The repair, under way, or why there can be none.", schema: repairSchema } },
    errors: ["invalid_request", "invalid_json", "registration_not_found", "store_unavailable", "queue_unavailable"],
  },
  async ({ services, caller, params, body }) => {
    const { registrationId = "" } = params;
    return {
      status: 202,
      jsonBody: await requestRepair(services, { ...body, tenantId: caller.tenantId, registrationId }),
    };
  },
);
