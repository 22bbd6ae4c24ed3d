import { type RouteView, toRouteView } from "./route-view";
import type { Services } from "./services";
import { requireShared } from "./shared-webhook";

/** One page. `nextCursor` is absent on the last. */
export interface RoutePage {
  readonly routes: readonly RouteView[];
  readonly nextCursor?: string;
}

/** @throws {WebhookError} `registration_not_found`, `webhook_not_shared`, `invalid_cursor`, `store_unavailable` */
export async function listRoutes(
  services: Services,
  registrationId: string,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<RoutePage> {
  const shared = await requireShared(services, registrationId);
  const { items, cursor } = await services.routes.list(shared, page);
  return { routes: items.map(toRouteView), ...(cursor === undefined ? {} : { nextCursor: cursor }) };
}
