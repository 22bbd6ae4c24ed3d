import type { RepairFilter } from "../repositories/repairs";
import { refreshRepair } from "./advance-repair";
import { type RepairView, toRepairView } from "./repair-view";
import { requireOwn } from "./require-own";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** One page, newest window first. `nextCursor` is absent on the last. */
export interface RepairPage {
  readonly repairs: readonly RepairView[];
  readonly nextCursor?: string;
}

/** @throws {WebhookError} `registration_not_found`, `invalid_cursor`, `store_unavailable` */
export async function listRepairs(services: Services, tenantId: string, filter: RepairFilter): Promise<RepairPage> {
  const registration = await requireOwn(services, { tenantId, registrationId: filter.registrationId });
  const { items, cursor } = await services.repairs.list(tenantOf(services, registration.tenantId), filter);
  const repairs = await Promise.all(items.map((repair) => refreshRepair(services, repair)));
  return { repairs: repairs.map(toRepairView), ...(cursor === undefined ? {} : { nextCursor: cursor }) };
}
