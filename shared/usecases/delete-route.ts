import { WebhookError } from "../core/errors";
import type { RouteKey } from "./put-route";
import type { Services } from "./services";
import { requireShared } from "./shared-webhook";

/**
 * Maps an account to nobody: at once on this instance, within 30 seconds on others. What is queued is still drained.
 * @throws {WebhookError} `registration_not_found`, `webhook_not_shared`, `route_not_found`, `store_unavailable`
 */
export async function deleteRoute(services: Services, { registrationId, accountId }: RouteKey): Promise<void> {
  const shared = await requireShared(services, registrationId);
  const wasThere = await services.routes.delete(shared, accountId);
  services.routeCache.forget(shared, accountId);
  if (!wasThere) throw new WebhookError("route_not_found");
  services.log("info", "route.deleted", { registrationId, accountId });
}
