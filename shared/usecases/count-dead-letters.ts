import { MOST_DEAD_LETTERS } from "../core/dead-letter";
import type { DeliveryLine } from "../core/delivery";
import type { Page } from "../core/ports";
import type { Registration } from "../core/registration";
import type { DeadLetterSearch } from "../repositories/dead-letters";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** How many events of a tenant's were given up and wait; {@link MOST_DEAD_LETTERS} stands for as many or more. */
export interface DeadLetterCounts {
  readonly all: number;
  /** How many of them are one webhook's. */
  of(registration: Pick<Registration, "id">): Promise<number>;
}

/** Counts them in one look, which nearly always sees all; of more than that each webhook is counted when it is asked about. */
export async function countDeadLetters(services: Services, tenantId: string): Promise<DeadLetterCounts> {
  const { items, cursor } = await lookFor(services, tenantId, {});
  const counts = new Map<string, number>();
  for (const { registrationId } of items) counts.set(registrationId, (counts.get(registrationId) ?? 0) + 1);
  return {
    all: items.length,
    of: ({ id }) =>
      cursor === undefined ? Promise.resolve(counts.get(id) ?? 0) : countDeadLettersOf(services, { id, tenantId }),
  };
}

/** Counts those of one webhook. */
export async function countDeadLettersOf(
  services: Services,
  { id, tenantId }: Pick<Registration, "id" | "tenantId">,
): Promise<number> {
  return (await lookFor(services, tenantId, { registrationId: id })).items.length;
}

/** What the list of dead letters shows, so that none is counted that is not in it. */
function lookFor(
  services: Services,
  tenantId: string,
  fields: DeadLetterSearch["fields"],
): Promise<Page<DeliveryLine>> {
  return services.deliveries.searchDead(tenantOf(services, tenantId), { fields, limit: MOST_DEAD_LETTERS });
}
