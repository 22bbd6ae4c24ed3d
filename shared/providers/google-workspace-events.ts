import { asArray, asObject, type JsonObject, textAt } from "../core/json";
import type { EventType, ProviderEvent } from "../core/webhook-event";
import type { CloudEvent } from "./google-message";
import { statedTime } from "./stated-time";

/** `google.workspace.<application>.<resource>.<version>.<action>` (Google Workspace Events API, "Structure of events"). */
const workspaceType = /^google\.workspace\.(\w+)\.(\w+)\.v\d+\.(\w+)$/;

/** The actions of Chat, Drive and Meet; those of a batch are the same after `batch`. */
const wordsForAction: ReadonlyMap<string, EventType> = new Map([
  ["created", "created"],
  ["added", "created"],
  ["joined", "created"],
  ["started", "created"],
  ["fileGenerated", "created"],
  ["updated", "updated"],
  ["changed", "updated"],
  ["contentChanged", "updated"],
  ["moved", "updated"],
  ["renamed", "updated"],
  ["edited", "updated"],
  ["resolved", "updated"],
  ["reopened", "updated"],
  ["cancelled", "updated"],
  ["reset", "updated"],
  ["completed", "updated"],
  ["reviewersChanged", "updated"],
  ["responded", "updated"],
  ["ended", "updated"],
  ["left", "updated"],
  ["deleted", "deleted"],
  ["trashed", "deleted"],
  ["untrashed", "restored"],
]);

/** The parts of an event type that say what happened to what. */
interface Change {
  readonly application: string;
  /** As in the type: `message`, `accessProposal`. */
  readonly resource: string;
  readonly action: string;
}

/** The events of a Google Workspace event, one for each resource of a batch; `undefined` if it is none or names none. */
export function workspaceEvents(cloudEvent: CloudEvent): readonly ProviderEvent[] | undefined {
  const [, application, resource, action] = workspaceType.exec(cloudEvent.type) ?? [];
  if (application === undefined || resource === undefined || action === undefined) return undefined;
  const change: Change = { application, resource, action };
  const named = recordsIn(cloudEvent.data, change);
  const records = named.length > 0 ? named : recordOfSubject(cloudEvent, change);
  return records.length === 0 ? undefined : records.map((record) => recordEvent(record, change, cloudEvent));
}

/** A resource that an event names, with the fields that it states. */
interface NamedRecord {
  readonly id: string;
  readonly fields: JsonObject;
}

function recordEvent({ id, fields }: NamedRecord, change: Change, { type, time }: CloudEvent): ProviderEvent {
  return {
    entityType: entityTypeOf(change.resource),
    eventType: eventTypeOf(change),
    entityId: id,
    nativeType: type,
    nativeAction: change.action,
    ...statedTime(time),
    // Subscriptions without resource data send the name alone; those with it, the fields that were asked for.
    completeness: Object.keys(fields).length > 1 ? "partial" : "hint",
    data: fields,
  };
}

/** `accessProposal`, which Google's pages also write `accessproposal`, is our `access_proposal`. */
function entityTypeOf(resource: string): string {
  if (resource === "accessproposal") return "access_proposal";
  return resource.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
}

/** Notices about the subscription itself (expiry, suspension) change nothing that is synchronised. */
function eventTypeOf({ application, action }: Change): EventType {
  if (application === "events") return "occurred";
  const single = action.replace(/^batch(.)/, (_, first: string) => first.toLowerCase());
  return wordsForAction.get(single) ?? "occurred";
}

/** `{"message":{"name":…}}`; in a batch `{"messages":[{"message":{"name":…}},…]}`. Meet calls a conference `conferenceRecord`. */
function recordsIn(data: unknown, change: Change): readonly NamedRecord[] {
  const object = asObject(data) ?? {};
  const items = change.action.startsWith("batch") ? Object.values(object).flatMap(asArray) : [object];
  return items.map((item) => recordIn(item, change.resource)).filter((record) => record !== undefined);
}

function recordIn(item: unknown, resource: string): NamedRecord | undefined {
  const object = asObject(item) ?? {};
  const candidates = [object[resource], ...Object.values(object), object];
  return candidates.map(named).find((record) => record !== undefined);
}

function named(value: unknown): NamedRecord | undefined {
  const fields = asObject(value);
  const id = textAt(fields, "name") ?? textAt(fields, "id");
  return fields === undefined || id === undefined ? undefined : { id, fields };
}

/**
 * The resource that the event is about, where the data names none. `subject` is what the subscription watches, so it
 * counts only if that is of the event's own kind: `//drive.googleapis.com/files/<id>` for a file, not for its comments.
 */
function recordOfSubject({ subject }: CloudEvent, { application, resource }: Change): readonly NamedRecord[] {
  const [, collection = "", last = ""] = /^\/\/[^/]+\/(?:.*\/)?([^/]+)\/([^/]+)$/.exec(subject ?? "") ?? [];
  if (last === "" || collection !== `${resource}s`) return [];
  // Drive's ids are bare, everybody else's are resource names.
  return application === "drive"
    ? [{ id: last, fields: { id: last } }]
    : [{ id: `${collection}/${last}`, fields: { name: `${collection}/${last}` } }];
}
