import type { DeliveryRecord } from "../core/delivery";
import { WebhookError } from "../core/errors";
import { isRefusalReason, refusalSentence } from "../core/refusal-sentence";
import type { DeliverySearch } from "../repositories/delivery-lines";
import { type DeliveryDetails, type DeliveryView, toDeliveryDetails, toDeliveryView } from "./delivery-view";
import { toSyncTaskView } from "./list-sync-tasks";
import { type OwnKey, requireOwn } from "./require-own";
import type { Services } from "./services";
import { showBody } from "./show-body";
import { tenantOf } from "./tenant-of";

/** One page, newest first. `nextCursor` is absent on the last; a page may be empty and have one. */
export interface DeliveryPage {
  readonly deliveries: readonly DeliveryView[];
  readonly nextCursor?: string;
}

/** What a caller may narrow the log by. */
export interface DeliveryQuery extends Pick<DeliverySearch, "fields" | "limit" | "cursor"> {
  /** ISO 8601. */
  readonly since?: string;
  readonly until?: string;
}

/** @throws {WebhookError} `invalid_cursor`, `store_unavailable` */
export async function listDeliveries(
  services: Services,
  tenantId: string,
  query: DeliveryQuery,
): Promise<DeliveryPage> {
  const { items, cursor } = await services.deliveries.search(tenantOf(services, tenantId), toSearch(services, query));
  return { deliveries: items.map(toDeliveryView), ...(cursor === undefined ? {} : { nextCursor: cursor }) };
}

/** What a caller asks for, as far as the log reaches back. */
function toSearch({ rules, now }: Services, { since, until, ...query }: DeliveryQuery): DeliverySearch {
  return {
    ...query,
    since: Math.max(now() - rules.retentionSeconds * 1000, since === undefined ? 0 : Date.parse(since)),
    until: Math.min(now(), until === undefined ? Infinity : Date.parse(until)),
  };
}

/** @throws {WebhookError} `registration_not_found`, also where it is another tenant's; else as {@link listDeliveries} */
export async function listWebhookDeliveries(
  services: Services,
  key: OwnKey,
  query: DeliveryQuery,
): Promise<DeliveryPage> {
  const { id, tenantId } = await requireOwn(services, key);
  return listDeliveries(services, tenantId, { ...query, fields: { ...query.fields, registrationId: id } });
}

/** @throws {WebhookError} `delivery_not_found`, also where it is another tenant's; `store_unavailable`, `secrets_unavailable` */
export async function getDelivery(
  services: Services,
  { tenantId, deliveryId }: { readonly tenantId: string; readonly deliveryId: string },
): Promise<DeliveryDetails> {
  const tenant = tenantOf(services, tenantId);
  const record = await services.deliveries.get(tenant, deliveryId);
  if (!record) throw new WebhookError("delivery_not_found");
  const task =
    record.verdict === "accepted" && record.syncTaskId !== undefined
      ? await services.syncTasks.get(tenant, record.syncTaskId)
      : undefined;
  return {
    ...toDeliveryDetails(record),
    ...explanationOf(services, record),
    ...(await showBody(services, record)),
    ...(task && { syncTask: toSyncTaskView(task) }),
  };
}

function explanationOf({ providers }: Services, record: DeliveryRecord): Pick<DeliveryDetails, "explanation"> {
  const provider = providers.get(record.integrationId);
  if (!provider || record.verdict !== "refused") return {};
  const { reason = "", detail } = record;
  return isRefusalReason(reason) ? { explanation: refusalSentence({ reason, detail }, provider) } : {};
}
