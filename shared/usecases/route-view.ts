import type { AccountRoute } from "../core/account-routing";

/** A route as an operator reads it. */
export interface RouteView {
  readonly accountId: string;
  /** The webhook that the account's deliveries are for, and its tenant. */
  readonly registrationId: string;
  readonly tenantId: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

/** What the API shows of a route. */
export function toRouteView(route: AccountRoute): RouteView {
  const { id: accountId, targetRegistrationId: registrationId, targetTenantId: tenantId, updatedAt, updatedBy } = route;
  return { accountId, registrationId, tenantId, updatedAt, updatedBy };
}
