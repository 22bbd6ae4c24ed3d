import type { Caller } from "../core/caller";
import { parseJson } from "../core/delivery-request";
import { textAt } from "../core/json";
import type { DeadLetter } from "../core/ports";
import { type DeliveryView, toDeliveryView } from "./delivery-view";
import type { DeadLetterSearch } from "../repositories/dead-letters";
import type { DeliveryQuery } from "./list-deliveries";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** A message that the queue itself gave up: not even its failure could be handled. Of its body only what names it. */
export interface QueueLetterView extends Omit<DeadLetter, "body" | "deadLetteredAt"> {
  /** ISO 8601. */
  readonly deadLetteredAt: string;
  readonly type?: string;
  readonly source?: string;
}

/** One page of events that were given up, newest first. */
export interface DeadLetterPage {
  readonly deadLetters: readonly DeliveryView[];
  /** The queue's own, newest first; for an operator, on the first page. */
  readonly queue?: readonly QueueLetterView[];
  readonly nextCursor?: string;
}

const MAX_QUEUE_LETTERS = 50;

/** @throws {WebhookError} `invalid_cursor`, `store_unavailable`, `queue_unavailable` */
export async function listDeadLetters(
  services: Services,
  { tenantId, isOperator }: Pick<Caller, "tenantId" | "isOperator">,
  query: DeliveryQuery,
): Promise<DeadLetterPage> {
  const { items, cursor } = await services.deliveries.searchDead(tenantOf(services, tenantId), toSearch(query));
  const page = { deadLetters: items.map(toDeliveryView), ...(cursor === undefined ? {} : { nextCursor: cursor }) };
  if (!isOperator || query.cursor !== undefined) return page;
  return { ...page, queue: (await services.queue.deadLetters(MAX_QUEUE_LETTERS)).map(toQueueLetterView) };
}

/** How far back the log reaches is no bound: an event may have waited for long before it was given up. */
function toSearch({ since, until, ...query }: DeliveryQuery): DeadLetterSearch {
  return {
    ...query,
    ...(since === undefined ? {} : { since: Date.parse(since) }),
    ...(until === undefined ? {} : { until: Date.parse(until) }),
  };
}

function toQueueLetterView({ body, deadLetteredAt, ...letter }: DeadLetter): QueueLetterView {
  const message = parseJson(body);
  const [type, source] = [textAt(message, "type"), textAt(message, "source")];
  return {
    ...letter,
    deadLetteredAt: new Date(deadLetteredAt).toISOString(),
    ...(type === undefined ? {} : { type }),
    ...(source === undefined ? {} : { source }),
  };
}
