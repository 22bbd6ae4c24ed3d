import {
  type DeliveryLine,
  type DeliveryRecord,
  type DoorReplay,
  type EventRecord,
  type ReplayNote,
  type ToldRequest,
  withoutKept,
} from "../core/delivery";
import type { JsonObject } from "../core/json";
import { sampledTraceId } from "../core/tracing";
import { lineIdOf } from "../repositories/delivery-lines";
import type { SyncTaskView } from "./list-sync-tasks";

/** A line of the delivery log as its tenant reads it: an event of a delivery, or a delivery that ended at the door. */
export interface DeliveryView extends Omit<
  DeliveryLine,
  "id" | "pk" | "tenantId" | "schemaVersion" | "ttl" | "recordId" | "deliveryId"
> {
  readonly deliveryId: string;
  /** The id of the whole delivery: the provider's own or, where it gave none, ours. */
  readonly sourceDeliveryId?: string;
}

/** One delivery, with all that is kept of it. */
export interface DeliveryDetails extends DeliveryView {
  /** What was found out about a refusal. */
  readonly detail?: string;
  /** Why it was refused, and the next step. */
  readonly explanation?: string;
  /** All events of a delivery that ended at the door. */
  readonly eventNames?: readonly string[];
  /** What the synchronisation did to the shard. */
  readonly change?: string;
  /** ISO 8601: when the outcome was recorded. */
  readonly settledAt?: string;
  /** Milliseconds from receipt to outcome. */
  readonly latencyMs?: number;
  /** Of a delivery that had ended at the door: with the lines of the log that its events have now. */
  readonly replays?: readonly (ReplayNote | DoorReplay)[];
  readonly redacted?: readonly string[];
  readonly request?: ToldRequest;
  /** What was sent, where it is kept: as text where it is UTF-8, else in base64. */
  readonly body?: string;
  readonly bodyEncoding?: "utf-8" | "base64";
  /** The event in our words, with the record's fields as far as they are kept. */
  readonly event?: JsonObject;
  readonly syncTask?: SyncTaskView;
  /** Where to find its trace, if it has one. */
  readonly traceId?: string;
}

/** What the API shows of a line. */
export function toDeliveryView(line: DeliveryLine): DeliveryView {
  const { id, pk: _, tenantId: __, schemaVersion: ___, ttl: ____, recordId: _____, deliveryId, ...rest } = line;
  return { deliveryId: id, ...(deliveryId === "" ? {} : { sourceDeliveryId: deliveryId }), ...rest };
}

/** What the API shows of a record. */
export function toDeliveryDetails(record: DeliveryRecord): DeliveryDetails {
  const { id: _, pk: __, tenantId: ___, schemaVersion: ____, ttl: _____, deliveryId, traceparent, ...rest } = record;
  const traceId = sampledTraceId(traceparent);
  const ids = {
    deliveryId: lineIdOf(record),
    ...(deliveryId === "" ? {} : { sourceDeliveryId: deliveryId }),
    ...(traceId !== undefined && { traceId }),
  };
  const request = rest.request && withoutKept(rest.request);
  if (rest.verdict !== "accepted") {
    return { ...ids, ...rest, ...(request && { request }), ...(isKept(record) && { replayable: true }) };
  }
  const { event, dataref: ______, syncTaskId: _______, ...told } = rest;
  const [lastReplay] = told.replays ?? [];
  return {
    ...ids,
    ...told,
    ...(request && { request }),
    ...(lastReplay && { replayId: lastReplay.replayId }),
    ...(event && { replayable: true, event: toEventView(event) }),
  };
}

function isKept({ request }: DeliveryRecord): boolean {
  return request?.keptAs !== undefined;
}

function toEventView({
  eventType,
  entityType,
  entityId,
  occurredAt,
  version,
  scope,
  completeness,
  data,
}: NonNullable<EventRecord["event"]>): JsonObject {
  // Fields that the event has not are undefined, which JSON leaves out.
  return { eventType, entityType, entityId, occurredAt, version, scope, completeness, data };
}
