import type { AccountIds, AccountRoute } from "../core/account-routing";
import type { VerifiedRequest } from "../core/provider";
import type { CachedRegistration } from "./registration-cache";
import type { Services } from "./services";

/** Whose a delivery to a shared webhook is. */
export interface Routing {
  /** The webhooks that the accounts are mapped to, each once. */
  readonly receivers: readonly CachedRegistration[];
  /** The accounts that lead to nobody, by their narrowest id. */
  readonly unrouted: readonly string[];
}

/**
 * Finds out for whom a delivery to a shared webhook is, by the accounts in its verified body and the routes of this
 * webhook alone.
 * @throws {WebhookError} `store_unavailable`, `secrets_unavailable`
 */
export async function routeDelivery(
  services: Services,
  shared: CachedRegistration,
  request: VerifiedRequest,
): Promise<Routing> {
  const receivers = new Map<string, CachedRegistration>();
  const unrouted = new Set<string>();
  for (const account of shared.provider.accounts?.accountsOf(request) ?? []) {
    const receiver = await receiverFor(services, shared, account);
    if (receiver) receivers.set(receiver.registration.id, receiver);
    else unrouted.add(account[0]);
  }
  return { receivers: [...receivers.values()], unrouted: [...unrouted] };
}

/** The narrowest route decides, whether its webhook is there or not: an organisation's may be another tenant's. */
async function receiverFor(
  { routeCache, cache }: Services,
  shared: CachedRegistration,
  account: AccountIds,
): Promise<CachedRegistration | undefined> {
  for (const accountId of account) {
    const route = await routeCache.find(shared.registration, accountId);
    if (!route) continue;
    const entry = await cache.find(route.targetRegistrationId);
    return entry && isTarget(entry, route, shared) ? entry : undefined;
  }
  return undefined;
}

/** What was checked when the route was set holds for ever, but for the webhook being there and switched on. */
function isTarget({ registration }: CachedRegistration, route: AccountRoute, shared: CachedRegistration): boolean {
  return (
    registration.status !== "inactive" &&
    registration.routing === undefined &&
    registration.tenantId === route.targetTenantId &&
    registration.integrationId === shared.registration.integrationId
  );
}
