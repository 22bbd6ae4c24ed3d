import type { AccountRoute } from "../core/account-routing";
import { type Problem, WebhookError } from "../core/errors";
import type { Registration } from "../core/registration";
import { providerNamed } from "./provider-of";
import { type RouteView, toRouteView } from "./route-view";
import type { Services } from "./services";
import { requireShared } from "./shared-webhook";

/** Which route, and who sets it. */
export interface RouteKey {
  /** Of the shared webhook. */
  readonly registrationId: string;
  readonly accountId: string;
}

/** What an operator says about an account. */
export interface PutRouteRequest {
  /** The webhook that the account's deliveries are for. */
  readonly registrationId: string;
}

/**
 * Maps an account to a webhook of any tenant, so that only operators may call this. Counts at once on this instance, and
 * within 30 seconds on others.
 * @throws {WebhookError} `registration_not_found`, `webhook_not_shared`, `invalid_request`, `store_unavailable`
 */
export async function putRoute(
  services: Services,
  { registrationId, accountId, subject }: RouteKey & { readonly subject: string },
  request: PutRouteRequest,
): Promise<RouteView> {
  const shared = await requireShared(services, registrationId);
  const target = await findTarget(services, shared, { accountId, targetId: request.registrationId });
  const route: AccountRoute = {
    id: accountId,
    pk: shared.id,
    tenantId: shared.tenantId,
    schemaVersion: 1,
    targetRegistrationId: target.id,
    targetTenantId: target.tenantId,
    updatedAt: new Date(services.now()).toISOString(),
    updatedBy: subject,
  };
  await services.routes.save(route);
  services.routeCache.forget(shared, accountId);
  services.log("info", "route.changed", { registrationId, accountId, targetRegistrationId: target.id });
  return toRouteView(route);
}

async function findTarget(
  services: Services,
  shared: Registration,
  { accountId, targetId }: { readonly accountId: string; readonly targetId: string },
): Promise<Registration> {
  const { displayName, accounts } = providerNamed(services, shared.integrationId);
  const problems: Problem[] = [];
  if (!accounts || !new RegExp(accounts.idPattern).test(accountId)) {
    problems.push({ path: "/accountId", message: `is no ${shared.routing ?? "account"} of ${displayName}` });
  }
  const target = (await services.registrations.find(targetId))?.value;
  const problem = targetProblem(shared, target);
  if (problem !== undefined) problems.push({ path: "/registrationId", message: problem });
  if (target === undefined || problems.length > 0) throw new WebhookError("invalid_request", { problems });
  return target;
}

function targetProblem(shared: Registration, target: Registration | undefined): string | undefined {
  if (target === undefined) return "is no webhook";
  if (target.routing !== undefined) return "is a shared webhook itself";
  if (target.integrationId === shared.integrationId) return undefined;
  return `is a webhook of ${target.integrationId}, not of ${shared.integrationId}`;
}
