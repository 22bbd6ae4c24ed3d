import { type ConnectionName, requireConnection } from "./connection-view";
import type { Services } from "./services";

/**
 * Deletes a connection: the document first, so that nobody calls the provider any more, then its credentials.
 * Webhooks that name it go on with what their events bring.
 * @throws {WebhookError} `connection_not_found`
 */
export async function deleteConnection(services: Services, name: ConnectionName): Promise<void> {
  const connection = await requireConnection(services, name);
  await services.connections.delete(connection);
  if (connection.auth) await services.secrets.delete(connection.auth.secretName);
  services.log("info", "connection.deleted", { connection: connection.id });
}
