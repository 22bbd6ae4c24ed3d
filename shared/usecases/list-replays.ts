import { WebhookError } from "../core/errors";
import { type ReplayView, toReplayView } from "./replay-view";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** One page, newest first. `nextCursor` is absent on the last. */
export interface ReplayPage {
  readonly replays: readonly ReplayView[];
  readonly nextCursor?: string;
}

/** @throws {WebhookError} `invalid_cursor`, `store_unavailable` */
export async function listReplays(
  services: Services,
  tenantId: string,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<ReplayPage> {
  const { items, cursor } = await services.replays.list(tenantOf(services, tenantId), page);
  return { replays: items.map(toReplayView), ...(cursor === undefined ? {} : { nextCursor: cursor }) };
}

/** @throws {WebhookError} `replay_not_found`, also where it is another tenant's; `store_unavailable` */
export async function getReplay(services: Services, tenantId: string, replayId: string): Promise<ReplayView> {
  const replay = await services.replays.find(tenantOf(services, tenantId), replayId);
  if (!replay) throw new WebhookError("replay_not_found");
  return toReplayView(replay);
}
