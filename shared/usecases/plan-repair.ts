import type { DeliveryRecord, EventRecord } from "../core/delivery";
import { compileEventPatterns } from "../core/event-pattern";
import type { Listable } from "../core/record-reader";
import type { HookTarget } from "../core/provider-hook";
import type { Registration } from "../core/registration";
import { DELIVERIES, type Gap } from "../core/repair";
import { eventTypes } from "../core/webhook-event";
import { connectionKeyOf } from "./connection-view";
import type { Services } from "./services";

/** How a gap is going to be repaired. */
export interface RepairPlan {
  /** Entity types whose records are read, or `deliveries`. */
  readonly parts: readonly string[];
  readonly fallback: readonly string[];
  readonly scopes: readonly string[];
  /** Why nothing can be done. */
  readonly reason?: string;
}

/** How many of the last records of a webhook tell where its events come from, and of which types they are. */
const RECORDS_SEEN = 200;
const MOST_SCOPES = 20;
/** GitHub lets deliveries of the last three days be sent again ("Redelivering webhooks"). */
const REDELIVERY_MS = 3 * 86_400_000;

/**
 * The deliveries themselves where the provider gives them again, else, or where they are not to be had any more, the records
 * of the entity types that the webhook asks for.
 * @throws {WebhookError} `store_unavailable`
 */
export async function planRepair(
  services: Services,
  registration: Registration,
  { since, scope }: Gap & { readonly scope?: string },
): Promise<RepairPlan> {
  const { tenantId, id, integrationId, verification } = registration;
  const connection = await services.connections.find(connectionKeyOf(services, registration));
  const { items } = await services.deliveries.list(tenantId, id, RECORDS_SEEN);
  const events = items.filter(isEvent);
  const scopes = scope === undefined ? scopesOf(registration, events) : [scope];
  const types = typesOf(registration, events, services.records.listable(integrationId));
  // A notification channel is no subscription, and its `scope` names a channel.
  const way = verification.scheme === "channel" ? undefined : services.providerDeliveries.wayOf(integrationId);
  const plan = { scopes, fallback: types };
  if (connection?.auth === undefined) return { ...plan, parts: [], reason: "no_credentials" };
  if (way === undefined || scopes.length === 0) return { ...plan, parts: types, ...reasonFor(types, way) };
  const isTooOld = way === "redelivery" && services.now() - Date.parse(since) > REDELIVERY_MS;
  return { ...plan, parts: isTooOld ? [DELIVERIES, ...types] : [DELIVERIES] };
}

function reasonFor(types: readonly string[], way: string | undefined): Pick<RepairPlan, "reason"> {
  if (types.length > 0) return {};
  return { reason: way === undefined ? "entity_types_unknown" : "scope_unknown" };
}

function isEvent(record: DeliveryRecord): record is EventRecord {
  return record.verdict === "accepted";
}

/** Where we set the webhook up, or else where its events came from. */
function scopesOf({ id, provisioning }: Registration, events: readonly EventRecord[]): readonly string[] {
  const target = provisioning && scopeOfTarget(provisioning.target, id);
  if (target !== undefined) return [target];
  return [...new Set(events.map(({ scope }) => scope))].filter((scope) => scope !== undefined).slice(0, MOST_SCOPES);
}

function scopeOfTarget(target: HookTarget, registrationId: string): string | undefined {
  switch (target.kind) {
    case "repository":
      return target.repository;
    case "organization":
      return target.organization;
    default:
      return "topic" in target
        ? `projects/${target.project}/subscriptions/${target.subscription ?? registrationId}`
        : undefined;
  }
}

/** The types that can be listed, and that the webhook has seen, matches or names. */
function typesOf(
  { events: patterns }: Registration,
  events: readonly EventRecord[],
  { types, includes }: Listable,
): readonly string[] {
  const matches = compileEventPatterns(patterns);
  const named = patterns.map((pattern) => pattern.split(".")[0] ?? "").filter((word) => !isNoType(word));
  const matched = types.filter(
    (entityType) =>
      // GitHub's own names are in the plural: `issues.opened`.
      named.some((word) => word.toLowerCase() === `${entityType}s`) ||
      eventTypes.some((eventType) =>
        matches({ entityType, eventType, entityId: "", nativeType: "", completeness: "hint", data: {} }),
      ),
  );
  const seen = events.map(({ entityType }) => entityType);
  // A name in `events` may be in any case; what the provider says itself comes first.
  const byName = new Map([...named, ...matched, ...seen].map((type) => [type.toLowerCase(), type]));
  return [...byName.values()].filter(includes);
}

/** The first segment of a pattern may be an event type or a wildcard. */
function isNoType(word: string): boolean {
  return word === "*" || eventTypes.some((eventType) => eventType === word.toLowerCase());
}
