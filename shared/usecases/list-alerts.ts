import type { Alert, Finding } from "../core/alert";
import type { Services } from "./services";

/** An alert as its tenant reads it. */
export interface AlertView extends Finding {
  readonly alertId: string;
  /** `rising` and `falling`: it has to last before it is told. */
  readonly state: Alert["state"];
  readonly since: string;
}

/** One page. `nextCursor` is absent on the last. */
export interface AlertPage {
  readonly alerts: readonly AlertView[];
  readonly nextCursor?: string;
}

/**
 * What is wrong with a tenant's webhooks and connections, as the health timer last saw it.
 * @throws {WebhookError} `invalid_cursor`, `store_unavailable`
 */
export async function listAlerts(
  services: Services,
  tenantId: string,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<AlertPage> {
  const { items, cursor } = await services.alerts.list({ tenantId, tenantKey: services.tenantKeyOf(tenantId) }, page);
  return { alerts: items.map(toView), ...(cursor === undefined ? {} : { nextCursor: cursor }) };
}

function toView({ id, state, since, condition, subject, severity, cause, nextStep }: Alert): AlertView {
  return { alertId: id, state, since, condition, subject, severity, cause, nextStep };
}
