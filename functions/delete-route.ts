import { managementEndpoint } from "../shared/http/endpoint";
import { accountIdParameter } from "../shared/http/route-schemas";
import { registrationIdParameter } from "../shared/http/schemas";
import { deleteRoute } from "../shared/usecases/delete-route";

/** `DELETE /webhooks/{registrationId}/routes/{accountId}`: the account's deliveries are for nobody. */
managementEndpoint(
  {
    name: "delete-route",
    method: "DELETE",
    route: "webhooks/{registrationId:minlength(7)}/routes/{accountId}",
    summary: "Map an account to nobody",
    access: "webhooks.write",
    operatorOnly: true,
    parameters: { path: { registrationId: registrationIdParameter, accountId: accountIdParameter } },
    responses: { 204: { description: "Gone." } },
    errors: ["invalid_request", "registration_not_found", "route_not_found", "webhook_not_shared", "store_unavailable"],
  },
  async ({ services, params }) => {
    const { registrationId = "", accountId = "" } = params;
    await deleteRoute(services, { registrationId, accountId });
    return { status: 204 };
  },
);
