import { parseJson } from "../core/delivery-request";
import { asArray, at, textAt } from "../core/json";
import type { ProviderDeliveries, SentDelivery } from "../core/provider-deliveries";
import { type ListProgress, type ResendRequest, SyncFailure, type SyncWork } from "../core/sync-task";
import type { Deliveries } from "../repositories/deliveries";
import { type PageOutcome, type PageTally, runPage, sinceOf } from "./paged-work";

/** What asking for deliveries again works with. */
export interface ResendDependencies {
  readonly deliveries: Deliveries;
  readonly providerDeliveries: ProviderDeliveries;
}

/** Work that asks a provider for deliveries again. */
export type ResendWork = SyncWork & { readonly resend: ResendRequest };

/** Which of the webhook's senders are still to be asked, and where the page of the first of them begins. */
interface Position {
  readonly sources: readonly string[];
  readonly cursor?: string;
}

/**
 * Messages from before the moment to which Pub/Sub is rewound count as received, also those that it is still trying to
 * deliver: an hour more than the window keeps most of these.
 */
const REWIND_MARGIN_MS = 3_600_000;

/**
 * One step of asking for deliveries again: a page of what the provider sent within the window. What is not here is asked
 * for, and comes in like any delivery. A repeated step asks for nothing that has arrived meanwhile, and counts it as repaired.
 * @throws {SyncFailure} as the port does, and `hook_not_found` (permanent)
 * @throws {SyncDelay} @throws {WebhookError}
 */
export function resendPage(
  dependencies: ResendDependencies,
  work: ResendWork,
  known: ListProgress | undefined,
): Promise<PageOutcome> {
  return runPage(work, known, async () => {
    const position = readPosition(work.cursor) ?? { sources: await findSources(dependencies, work) };
    const [source, ...others] = position.sources;
    if (source === undefined) throw new SyncFailure("hook_not_found", { permanent: true });
    const isRewound = dependencies.providerDeliveries.wayOf(work.integrationId) === "rewind";
    const { cursor, ...tally } = isRewound
      ? await rewind(dependencies, work, source)
      : await redeliver(dependencies, work, { source, cursor: position.cursor });
    const sources = cursor === undefined ? others : position.sources;
    return sources.length === 0 ? tally : { ...tally, cursor: JSON.stringify({ sources, cursor }) };
  });
}

function readPosition(cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined;
  const position = parseJson(cursor);
  const next = textAt(position, "cursor");
  const sources = asArray(at(position, "sources")).filter((source) => typeof source === "string");
  return { sources, ...(next === undefined ? {} : { cursor: next }) };
}

async function findSources({ providerDeliveries }: ResendDependencies, work: ResendWork): Promise<readonly string[]> {
  const { webhookUrl, scopes } = work.resend;
  const found = new Set<string>();
  for (const scope of scopes) {
    const source = await providerDeliveries.find(work, { webhookUrl, scope });
    if (source !== undefined) found.add(source);
  }
  return [...found];
}

const NOTHING = { records: 0, present: 0, repaired: 0, failures: {}, again: [] } as const;

async function rewind(
  { providerDeliveries }: ResendDependencies,
  work: ResendWork,
  source: string,
): Promise<PageTally> {
  const to = new Date(Date.parse(sinceOf(work)) - REWIND_MARGIN_MS).toISOString();
  await providerDeliveries.rewind(work, { source, to });
  return { ...NOTHING, rewoundTo: to };
}

async function redeliver(
  dependencies: ResendDependencies,
  work: ResendWork,
  { source, cursor }: { readonly source: string; readonly cursor: string | undefined },
): Promise<PageTally> {
  const page = await dependencies.providerDeliveries.list(work, {
    source,
    since: sinceOf(work),
    until: work.until ?? work.requestedAt,
    ...(cursor === undefined ? {} : { cursor }),
  });
  // Each attempt is listed by itself; the newest stands for all.
  const sent = new Map([...page.deliveries].reverse().map((delivery) => [delivery.deliveryId, delivery]));
  let [present, repaired] = [0, 0];
  const failures: Record<string, number> = {};
  for (const delivery of sent.values()) {
    const outcome = await repair(dependencies, work, { source, delivery });
    if (outcome === "present") present++;
    else if (outcome === "repaired") repaired++;
    else failures[outcome] = (failures[outcome] ?? 0) + 1;
  }
  const next = page.cursor === undefined ? {} : { cursor: page.cursor };
  return { records: sent.size, present, repaired, failures, again: [], ...next };
}

/** Answers what there was to do, or the reason for which it cannot be done. */
async function repair(
  { deliveries, providerDeliveries }: ResendDependencies,
  work: ResendWork,
  { source, delivery: { id, deliveryId } }: { readonly source: string; readonly delivery: SentDelivery },
): Promise<string> {
  const { tenantId, registrationId = "", requestedAt } = work;
  const arrivedAt = await deliveries.arrivalOf({ tenantId, registrationId, deliveryId });
  if (arrivedAt !== undefined) return arrivedAt < requestedAt ? "present" : "repaired";
  try {
    await providerDeliveries.redeliver(work, { source, id });
    return "repaired";
  } catch (error) {
    if (error instanceof SyncFailure && error.permanent) return error.reason;
    throw error;
  }
}
