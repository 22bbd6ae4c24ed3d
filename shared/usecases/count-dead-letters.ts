import { MOST_DEAD_LETTERS } from "../core/dead-letter";
import type { Registration } from "../core/registration";
import type { DeadLetterSearch } from "../repositories/dead-letters";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** How many events of a tenant's were given up and wait; {@link MOST_DEAD_LETTERS} stands for as many or more. */
export interface DeadLetterCounts {
  readonly all: number;
  /** How many of them are one webhook's. */
  of(registration: Pick<Registration, "id">): number;
}

/** Which letters are counted: those with these fields, and no more than the newest so many. */
interface Counted {
  readonly fields?: DeadLetterSearch["fields"];
  readonly newest?: number;
}

/** Counts them in one pass, however many webhooks there are. */
export async function countDeadLetters(
  services: Services,
  tenantId: string,
  { fields = {}, newest = Infinity }: Counted = {},
): Promise<DeadLetterCounts> {
  const counts = new Map<string, number>();
  let all = 0;
  for await (const { registrationId } of services.deliveries.listDead(tenantOf(services, tenantId), fields)) {
    counts.set(registrationId, (counts.get(registrationId) ?? 0) + 1);
    if (++all === newest) break;
  }
  return { all: atMost(all), of: ({ id }) => atMost(counts.get(id) ?? 0) };
}

/** Counts those of one webhook. */
export async function countDeadLettersOf(
  services: Services,
  { id, tenantId }: Pick<Registration, "id" | "tenantId">,
): Promise<number> {
  const counted = { fields: { registrationId: id }, newest: MOST_DEAD_LETTERS };
  return (await countDeadLetters(services, tenantId, counted)).all;
}

function atMost(count: number): number {
  return Math.min(count, MOST_DEAD_LETTERS);
}
