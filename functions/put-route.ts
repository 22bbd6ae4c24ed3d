import { managementEndpoint } from "../shared/http/endpoint";
import { accountIdParameter, routeBodySchema, routeSchema } from "../shared/http/route-schemas";
import { registrationIdParameter } from "../shared/http/schemas";
import { putRoute, type PutRouteRequest } from "../shared/usecases/put-route";

/** `PUT /webhooks/{registrationId}/routes/{accountId}`: whose the deliveries of a workspace or an installation are. */
managementEndpoint<PutRouteRequest>(
  {
    name: "put-route",
    method: "PUT",
    route: "webhooks/{registrationId:minlength(7)}/routes/{accountId}",
    summary: "Map an account to a webhook",
    access: "webhooks.write",
    operatorOnly: true,
    parameters: { path: { registrationId: registrationIdParameter, accountId: accountIdParameter } },
    body: routeBodySchema,
    responses: { 200: { description: "The route as it is now.", schema: routeSchema } },
    errors: ["invalid_request", "invalid_json", "registration_not_found", "webhook_not_shared", "store_unavailable"],
  },
  async ({ services, caller, params, body }) => {
    const { registrationId = "", accountId = "" } = params;
    return { jsonBody: await putRoute(services, { registrationId, accountId, subject: caller.subject }, body) };
  },
);
