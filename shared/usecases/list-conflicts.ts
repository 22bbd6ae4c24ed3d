import type { Conflict } from "../core/conflict";
import { WebhookError } from "../core/errors";
import type { ConflictFilter } from "../repositories/conflicts";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** A conflict as its tenant reads it. */
export interface ConflictView extends Omit<Conflict, "id" | "pk" | "tenantId" | "schemaVersion" | "ttl"> {
  readonly conflictId: string;
}

/** One page. A page of open conflicts may be short and still have a cursor. */
export interface ConflictPage {
  readonly conflicts: readonly ConflictView[];
  readonly nextCursor?: string;
}

/** @throws {WebhookError} `invalid_cursor`, `store_unavailable` */
export async function listConflicts(
  services: Services,
  tenantId: string,
  filter: ConflictFilter,
): Promise<ConflictPage> {
  const { items, cursor } = await services.conflicts.list(tenantOf(services, tenantId), filter);
  const stand = await Promise.all(items.map((conflict) => doesStand(services, conflict)));
  const conflicts = items.filter((_, index) => stand[index]).map(toConflictView);
  return { conflicts, ...(cursor === undefined ? {} : { nextCursor: cursor }) };
}

/** @throws {WebhookError} `conflict_not_found` */
export async function getConflict(
  services: Services,
  { tenantId, conflictId }: { readonly tenantId: string; readonly conflictId: string },
): Promise<Conflict> {
  const conflict = await services.conflicts.get(tenantOf(services, tenantId), conflictId);
  if (!conflict || !(await doesStand(services, conflict))) throw new WebhookError("conflict_not_found");
  return conflict;
}

/** What the API shows of a conflict. */
export function toConflictView({
  id,
  pk: _,
  tenantId: __,
  schemaVersion: ___,
  ttl: ____,
  ...rest
}: Conflict): ConflictView {
  return { conflictId: id, ...rest };
}

/**
 * An open conflict is one that its shard names. The document of another is left over from a task that was killed, or
 * whose change was overtaken.
 */
async function doesStand(services: Services, { status, tenantId, pk, shardId, id }: Conflict): Promise<boolean> {
  if (status !== "open") return true;
  const shard = await services.shards.get({ tenantId, tenantKey: pk, shardId });
  return shard?.conflict?.id === id;
}
