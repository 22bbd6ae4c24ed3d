import { type Alert, type Finding, serviceOwner } from "../core/alert";
import { WebhookError } from "../core/errors";
import type { Services } from "./services";

/** An alert as its tenant reads it. */
export interface AlertView extends Finding {
  readonly alertId: string;
  /** `rising` and `falling`: it has to last before it is told. */
  readonly state: Alert["state"];
  readonly since: string;
  /** When it was over; absent before. */
  readonly endedAt?: string;
}

/** One page. `nextCursor` is absent on the last. */
export interface AlertPage {
  readonly alerts: readonly AlertView[];
  readonly nextCursor?: string;
}

/** Whose alerts, and who asks. */
export interface AlertsAsked {
  readonly tenantId: string;
  readonly isOperator: boolean;
  /** Those of the service as a whole, which are operators' affair. */
  readonly service?: boolean;
  /** Those that are over, in place of those that are not. */
  readonly ended?: boolean;
}

/**
 * What is wrong with a tenant's webhooks and connections, or with the service, as the health timer last saw it; or what was
 * wrong within the last 30 days and was told, the latest first.
 * @throws {WebhookError} `forbidden`, `invalid_cursor`, `store_unavailable`
 */
export async function listAlerts(
  services: Services,
  { tenantId, isOperator, service = false, ended = false }: AlertsAsked,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<AlertPage> {
  if (service && !isOperator) throw new WebhookError("forbidden", { detail: "operator" });
  const owner = service ? serviceOwner : { tenantId, tenantKey: services.tenantKeyOf(tenantId) };
  const { items, cursor } = await (ended ? services.alerts.listEnded(owner, page) : services.alerts.list(owner, page));
  return { alerts: items.map(toView), ...(cursor === undefined ? {} : { nextCursor: cursor }) };
}

function toView({ id, state, since, changedAt, condition, subject, severity, cause, nextStep }: Alert): AlertView {
  const view = { alertId: id, state, since, condition, subject, severity, cause, nextStep };
  return state === "closed" ? { ...view, endedAt: changedAt } : view;
}
