import { connectionIdParameter } from "../shared/http/connection-schemas";
import { readConnectionName } from "../shared/http/connection-name";
import { managementEndpoint } from "../shared/http/endpoint";
import { integrationIdParameter } from "../shared/http/schemas";
import { deleteConnection } from "../shared/usecases/delete-connection";

/** `DELETE /integrations/{integrationId}/connections/{connectionId}`: its credentials are deleted with it. */
managementEndpoint(
  {
    name: "delete-connection",
    method: "DELETE",
    route: "integrations/{integrationId}/connections/{connectionId}",
    summary: "Delete a connection and its credentials",
    access: "webhooks.write",
    parameters: { path: { integrationId: integrationIdParameter, connectionId: connectionIdParameter } },
    responses: { 204: { description: "Gone." } },
    errors: ["connection_not_found", "store_unavailable", "secrets_unavailable"],
  },
  async ({ services, ...context }) => {
    await deleteConnection(services, readConnectionName(context));
    return { status: 204 };
  },
);
