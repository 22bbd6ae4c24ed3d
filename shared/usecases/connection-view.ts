import type { AuthKind, Connection } from "../core/connection";
import { WebhookError } from "../core/errors";
import type { ConnectionKey } from "../core/record-reader";
import type { Services } from "./services";

/** A connection as its tenant reads it: of its credentials only whether there are any, and of which kind. */
export interface ConnectionView {
  readonly integrationId: string;
  readonly connectionId: string;
  readonly accountLabel?: string;
  readonly baseUrl?: string;
  readonly auth: { readonly kind?: AuthKind; readonly credentialsSet: boolean };
  readonly status: Connection["status"];
  readonly statusReason?: string;
  readonly statusChangedAt?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What the API shows of a connection. */
export function toConnectionView(connection: Connection): ConnectionView {
  const { integrationId, connectionId, accountLabel, baseUrl, auth, status, statusReason, statusChangedAt } =
    connection;
  return {
    integrationId,
    connectionId,
    ...(accountLabel === undefined ? {} : { accountLabel }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    auth: auth === undefined ? { credentialsSet: false } : { kind: auth.kind, credentialsSet: true },
    status,
    ...(statusReason === undefined ? {} : { statusReason }),
    ...(statusChangedAt === undefined ? {} : { statusChangedAt }),
    createdAt: connection.createdAt,
    updatedAt: connection.updatedAt,
  };
}

/** What names a connection to its tenant. */
export type ConnectionName = Omit<ConnectionKey, "tenantKey">;

/** The key of a tenant's connection. */
export function connectionKeyOf({ tenantKeyOf }: Services, name: ConnectionName): ConnectionKey {
  const { tenantId, integrationId, connectionId } = name;
  return { tenantId, tenantKey: tenantKeyOf(tenantId), integrationId, connectionId };
}

/**
 * The tenant's own connection.
 * @throws {WebhookError} `connection_not_found`
 */
export async function requireConnection(services: Services, name: ConnectionName): Promise<Connection> {
  const found = await services.connections.find(connectionKeyOf(services, name));
  if (!found) throw new WebhookError("connection_not_found");
  return found;
}
