import type { Connection } from "../core/connection";
import { type ConnectionView, toConnectionView } from "./connection-view";
import type { Services } from "./services";

/** What narrows a list. */
export interface ConnectionSearch {
  readonly integrationId?: string;
  readonly status?: Connection["status"];
}

/** What narrows and pages a list. */
export interface ListConnectionsRequest extends ConnectionSearch {
  readonly tenantId: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** One page. `nextCursor` is absent on the last. */
export interface ConnectionPage {
  readonly connections: readonly ConnectionView[];
  readonly nextCursor?: string;
}

/** @throws {WebhookError} `invalid_cursor` */
export async function listConnections(services: Services, request: ListConnectionsRequest): Promise<ConnectionPage> {
  const { tenantId, ...filter } = request;
  const page = await services.connections.list({ tenantId, tenantKey: services.tenantKeyOf(tenantId) }, filter);
  const connections = page.items.map(toConnectionView);
  return { connections, ...(page.cursor === undefined ? {} : { nextCursor: page.cursor }) };
}
