import type { AuditEntry } from "../core/audit";
import type { Caller } from "../core/caller";
import { WebhookError } from "../core/errors";
import type { AuditFilter } from "../repositories/audit-log";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** An entry as it is shown. */
export type AuditView = Omit<AuditEntry, "pk" | "schemaVersion" | "ttl">;

/** One page, newest first. */
export interface AuditPage {
  readonly entries: readonly AuditView[];
  readonly nextCursor?: string;
}

/** What a caller asks for; a tenant other than its own, if it is an operator. */
export interface AuditQuery extends AuditFilter {
  readonly tenantId?: string;
}

/** @throws {WebhookError} `forbidden`, `invalid_cursor`, `store_unavailable` */
export async function listAudit(
  services: Services,
  caller: Caller,
  { tenantId = caller.tenantId, ...filter }: AuditQuery,
): Promise<AuditPage> {
  if (tenantId !== caller.tenantId && !caller.isOperator) throw new WebhookError("forbidden", { detail: "operator" });
  const { items, cursor } = await services.auditLog.list(tenantOf(services, tenantId), filter);
  return {
    entries: items.map(({ pk: _, schemaVersion: __, ttl: ___, ...view }) => view),
    ...(cursor === undefined ? {} : { nextCursor: cursor }),
  };
}
