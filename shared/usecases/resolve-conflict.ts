import type { Conflict } from "../core/conflict";
import { WebhookError } from "../core/errors";
import { type Resolution, resolveHere } from "../sync/edit-shard";
import { changeShardOf } from "./change-shard";
import { getConflict } from "./list-conflicts";
import type { Services } from "./services";

/** A side for all of the conflict, or for the fields that are not named. */
export type ResolveRequest = Resolution;

/** A conflict, and who resolves it. */
export interface OwnConflictKey {
  readonly tenantId: string;
  readonly conflictId: string;
  readonly subject: string;
}

/**
 * Resolves a conflict, or those of its fields that are named: the others stay open, as another conflict.
 * @throws {WebhookError} `conflict_not_found`, `conflict_settled`, `invalid_request` (nothing of the conflict is named)
 */
export async function resolveConflict(
  services: Services,
  key: OwnConflictKey,
  resolution: ResolveRequest,
): Promise<Conflict> {
  const { id, status, shardId, fields, kind } = await getConflict(services, key);
  if (status !== "open") throw new WebhookError("conflict_settled");
  demandWholeNames(resolution, Object.keys(fields), kind.startsWith("deleted"));
  await changeShardOf(services, { ...key, shardId }, (current, editing) => {
    // It may have been resolved, or have become another one, since it was read.
    if (current.conflict?.id !== id) throw new WebhookError("conflict_settled");
    return resolveHere(current, current.conflict, resolution, editing);
  });
  return getConflict(services, key);
}

function demandWholeNames({ take, fields = {} }: Resolution, inConflict: readonly string[], isDeletion: boolean): void {
  const problems = Object.keys(fields)
    .filter((field) => !inConflict.includes(field))
    .map((field) => ({ path: `/fields/${field}`, message: "is not a field of this conflict" }));
  if (isDeletion && take === undefined) problems.push({ path: "/take", message: "is required for a deletion" });
  if (problems.length > 0) throw new WebhookError("invalid_request", { problems });
}
