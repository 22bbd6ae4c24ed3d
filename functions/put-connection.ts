import { connectionBodySchema, connectionIdParameter, connectionSchema } from "../shared/http/connection-schemas";
import { readConnectionName } from "../shared/http/connection-name";
import { managementEndpoint } from "../shared/http/endpoint";
import { integrationIdParameter } from "../shared/http/schemas";
import { saveConnection, type SaveConnectionRequest } from "../shared/usecases/save-connection";

/** `PUT /integrations/{integrationId}/connections/{connectionId}`: the account behind a webhook, and how to read it. */
managementEndpoint<SaveConnectionRequest>(
  {
    name: "put-connection",
    method: "PUT",
    route: "integrations/{integrationId}/connections/{connectionId}",
    summary: "Create or replace a connection",
    access: "webhooks.write",
    parameters: { path: { integrationId: integrationIdParameter, connectionId: connectionIdParameter } },
    body: connectionBodySchema,
    responses: {
      200: { description: "The connection as it is now.", schema: connectionSchema },
      201: { description: "The new connection.", schema: connectionSchema },
    },
    errors: [
      "invalid_request",
      "invalid_json",
      "unknown_integration",
      "document_changed",
      "store_unavailable",
      "secrets_unavailable",
    ],
  },
  async ({ services, body, ...context }) => {
    const { connection, created } = await saveConnection(services, readConnectionName(context), body);
    return { status: created ? 201 : 200, jsonBody: connection };
  },
);
