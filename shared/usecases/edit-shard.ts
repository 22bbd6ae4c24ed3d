import { WebhookError } from "../core/errors";
import type { Shard } from "../core/shard";
import { editFields, type FieldChanges } from "../sync/edit-shard";
import { changeShardOf, type OwnShardKey } from "./change-shard";
import type { Services } from "./services";

/** What a person changes. */
export interface EditRequest extends FieldChanges {
  /** The revision that was read: the change is refused if there is a newer one. */
  readonly revision?: number;
}

/**
 * Changes fields of a shard in Castiel. Each stands over what the provider says until both agree or a rule decides.
 * @throws {WebhookError} `shard_not_found`, `shard_not_active`, `document_changed`, `queue_unavailable`
 */
export function editShard(services: Services, key: OwnShardKey, request: EditRequest): Promise<Shard> {
  return changeShardOf(services, key, (current, editing) => {
    if (current.status !== "active") throw new WebhookError("shard_not_active");
    if (request.revision !== undefined && request.revision !== current.revision)
      throw new WebhookError("document_changed");
    return editFields(current, request, editing);
  });
}
