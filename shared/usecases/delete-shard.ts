import { WebhookError } from "../core/errors";
import type { Shard } from "../core/shard";
import { deleteHere, restoreHere } from "../sync/edit-shard";
import { changeShardOf, type OwnShardKey } from "./change-shard";
import type { Services } from "./services";

/**
 * Deletes a shard in Castiel: it is kept, and can be restored. Deleting what is deleted changes nothing.
 * @throws {WebhookError} `shard_not_found`, `shard_not_active` (it is merged into another), `queue_unavailable`
 */
export function deleteShard(services: Services, key: OwnShardKey): Promise<Shard> {
  return changeShardOf(services, key, (current, editing) => deleteHere(demandUnmerged(current), editing));
}

/**
 * Brings a shard back that was deleted here, or at its provider: there the record stays deleted.
 * @throws {WebhookError} `shard_not_found`, `shard_not_active` (it is merged into another), `queue_unavailable`
 */
export function restoreShard(services: Services, key: OwnShardKey): Promise<Shard> {
  return changeShardOf(services, key, (current, editing) => restoreHere(demandUnmerged(current), editing));
}

function demandUnmerged(shard: Shard): Shard {
  if (shard.status === "merged") throw new WebhookError("shard_not_active");
  return shard;
}
