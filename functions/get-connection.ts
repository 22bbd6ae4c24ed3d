import { connectionIdParameter, connectionSchema } from "../shared/http/connection-schemas";
import { readConnectionName } from "../shared/http/connection-name";
import { managementEndpoint } from "../shared/http/endpoint";
import { integrationIdParameter } from "../shared/http/schemas";
import { requireConnection, toConnectionView } from "../shared/usecases/connection-view";

/** `GET /integrations/{integrationId}/connections/{connectionId}`: its status, and of its credentials only the kind. */
managementEndpoint(
  {
    name: "get-connection",
    method: "GET",
    route: "integrations/{integrationId}/connections/{connectionId}",
    summary: "Get a connection",
    access: "webhooks.read",
    parameters: { path: { integrationId: integrationIdParameter, connectionId: connectionIdParameter } },
    responses: { 200: { description: "The connection.", schema: connectionSchema } },
    errors: ["connection_not_found", "store_unavailable"],
  },
  async ({ services, ...context }) => ({
    jsonBody: toConnectionView(await requireConnection(services, readConnectionName(context))),
  }),
);
