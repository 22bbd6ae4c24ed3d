import { at, objectsIn, textAt } from "../../core/json";
import type { OutboundReply } from "../../core/outbound";
import type { HookOrder, HookPlace, HookTarget, ProviderHook } from "../../core/provider-hook";
import { failure, unknownAnswer, unsupported } from "./failures";
import { callGoogle, demandDone, demandRemoved, topicName } from "./google-call";
import type { HookSession, MadeHook } from "./vendor-hooks";

/**
 * What lets a source publish to a topic, until it expires: Gmail's watch of a mailbox, of which there is one and which is
 * renewed by asking again (developers.google.com/workspace/gmail/api/guides/push), and subscriptions of the Workspace
 * Events API, of which there is one for each user and resource (developers.google.com/workspace/events).
 */
const MAILBOX = "/gmail/v1/users/me";

/** Watches the mailbox of the connection's user, or goes on to. */
export async function putGmailWatch(context: HookSession, { request, serial }: HookOrder): Promise<MadeHook> {
  const { target } = request;
  if (target.kind !== "gmail") throw unsupported();
  const { labelIds } = target;
  const filter = labelIds === undefined ? {} : { labelIds, labelFilterBehavior: "INCLUDE" };
  const json = { topicName: topicName(target), ...filter };
  const reply = await callGoogle(context, { service: "gmail", method: "POST", path: `${MAILBOX}/watch`, json });
  // A watch that publishes to another topic has to be stopped first, by whoever wants it: it may be in use.
  const isTaken = /push notification client/i.test(textAt(reply.json, "error", "message") ?? "");
  if (isTaken) throw failure("hook_taken", { api: context.api, reply, permanent: true });
  const expiresAt = toTime(Number(textAt(demandDone(context, reply).json, "expiration")));
  if (expiresAt === undefined) throw unknownAnswer(context.api, reply);
  return { id: "me", serial, expiresAt };
}

/** Ends the watch of the mailbox, unless it is not known to be ours: it may be another webhook's, and ours ends by itself. */
export async function removeGmailWatch(context: HookSession, hook: ProviderHook): Promise<void> {
  if (hook.id === undefined) return;
  demandRemoved(context, await callGoogle(context, { service: "gmail", method: "POST", path: `${MAILBOX}/stop` }));
}

/** Subscribes to events of a resource, or prolongs the subscription that is there, for as long as it may last. */
export async function putWorkspaceSubscription(
  context: HookSession,
  { request, serial, known }: HookOrder,
): Promise<MadeHook> {
  const target = demandWorkspace(request.target);
  if (known?.id !== undefined) {
    const renewed = await prolong(context, known.id);
    if (renewed.status !== 404) return madeOf(context, serial, renewed);
  }
  const { targetResource, eventTypes } = target;
  const notificationEndpoint = { pubsubTopic: topicName(target) };
  const json = { targetResource, eventTypes, notificationEndpoint, ttl: "0s" };
  const created = await call(context, { method: "POST", path: "/v1/subscriptions", json });
  if (created.status !== 409) return madeOf(context, serial, created);
  const id = await findSubscription(context, target);
  if (id === undefined) throw failure("hook_taken", { api: context.api, reply: created, permanent: true });
  return madeOf(context, serial, await prolong(context, id));
}

/** Ends the subscription. */
export async function removeWorkspaceSubscription(
  context: HookSession,
  place: HookPlace,
  hook: ProviderHook,
): Promise<void> {
  const id = hook.id ?? (await findSubscription(context, demandWorkspace(place.target)));
  if (id !== undefined) demandRemoved(context, await call(context, { method: "DELETE", path: `/v1/${id}` }));
}

type WorkspaceTarget = Extract<HookTarget, { readonly kind: "workspace_events" }>;

function demandWorkspace(target: HookTarget): WorkspaceTarget {
  if (target.kind === "workspace_events") return target;
  throw unsupported();
}

function call(
  context: HookSession,
  request: Omit<Parameters<typeof callGoogle>[1], "service">,
): Promise<OutboundReply> {
  return callGoogle(context, { ...request, service: "workspaceevents" });
}

/** `0s` stands for the longest time there is. A subscription that was suspended delivers again once its error is resolved. */
async function prolong(context: HookSession, id: string): Promise<OutboundReply> {
  const ttl = { query: { updateMask: "ttl" }, json: { ttl: "0s" } };
  const renewed = await call(context, { method: "PATCH", path: `/v1/${id}`, ...ttl });
  const isSuspended = textAt(renewed.json, "response", "state") === "SUSPENDED";
  return isSuspended ? call(context, { method: "POST", path: `/v1/${id}:reactivate`, json: {} }) : renewed;
}

/** The user's subscription to this resource, if it publishes to the topic of ours. */
async function findSubscription(context: HookSession, target: WorkspaceTarget): Promise<string | undefined> {
  const types = target.eventTypes.map((type) => `event_types:"${type}"`).join(" OR ");
  const filter = `(${types}) AND target_resource="${target.targetResource}"`;
  const reply = await call(context, { path: "/v1/subscriptions", query: { filter } });
  const ours = objectsIn(at(demandDone(context, reply).json, "subscriptions")).find(
    (subscription) => textAt(subscription, "notificationEndpoint", "pubsubTopic") === topicName(target),
  );
  return idIn(ours);
}

/** Every change is an operation, which holds the subscription once it is done. */
function madeOf(context: HookSession, serial: number, reply: OutboundReply): MadeHook {
  const { json } = demandDone(context, reply);
  // The next attempt finds what it came to.
  const isUnderWay = at(json, "done") !== true && textAt(json, "name")?.startsWith("operations/") === true;
  if (isUnderWay) throw failure("provider_unfinished", { api: context.api, reply });
  const subscription = at(json, "response");
  const [id, expiresAt] = [idIn(subscription), toTime(Date.parse(textAt(subscription, "expireTime") ?? ""))];
  if (id === undefined || expiresAt === undefined) throw unknownAnswer(context.api, reply);
  return { id, serial, expiresAt };
}

/** A name that is a path of the API, and no way out of it. */
function idIn(subscription: unknown): string | undefined {
  const name = textAt(subscription, "name") ?? "";
  return /^subscriptions\/[\w~-]+$/.test(name) ? name : undefined;
}

function toTime(ms: number): string | undefined {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
}
