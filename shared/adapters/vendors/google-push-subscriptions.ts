import { asObject, type JsonObject, textAt } from "../../core/json";
import type { HookOrder, HookPlace, HookRequest, ProviderHook } from "../../core/provider-hook";
import { failure, unknownAnswer, unsupported } from "./failures";
import { callGoogle, demandDone, demandRemoved, demandTopic, topicName } from "./google-call";
import type { HookSession, MadeHook } from "./vendor-hooks";

/**
 * Push subscriptions, cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions. We choose the name, so that a
 * second attempt finds what the first one made. Google signs each delivery for the webhook's audience as its service account.
 */
const ACK_DEADLINE_S = 30;
const retryPolicy = { minimumBackoff: "10s", maximumBackoff: "600s" };
/** Without a time to live it lasts also when nothing is published for a month. */
const expirationPolicy = {};

/** Makes the subscription, or points the one that is there to us. */
export async function putPushSubscription(
  context: HookSession,
  { request, serial, known }: HookOrder,
): Promise<MadeHook> {
  const id = known?.id ?? nameOf(request);
  const pushConfig = pushConfigOf(request);
  const isThere = known !== undefined && (await modify(context, id, pushConfig));
  if (!isThere) await create(context, { request, id, pushConfig });
  return { id, serial };
}

/** One of which we did not learn that it was made is looked at first: its name may be somebody else's. */
export async function removePushSubscription(
  context: HookSession,
  place: HookPlace,
  hook: ProviderHook,
): Promise<void> {
  const id = hook.id ?? nameOf(place);
  if (hook.id === undefined) {
    const { status, json } = await callGoogle(context, { service: "pubsub", path: `/v1/${id}` });
    if (status === 404 || textAt(json, "pushConfig", "pushEndpoint") !== place.webhookUrl) return;
  }
  demandRemoved(context, await callGoogle(context, { service: "pubsub", method: "DELETE", path: `/v1/${id}` }));
}

function nameOf({ registrationId, target }: HookPlace): string {
  const { project, subscription = registrationId } = demandTopic(target);
  return `projects/${encodeURIComponent(project)}/subscriptions/${encodeURIComponent(subscription)}`;
}

function pushConfigOf({ webhookUrl, identity }: HookRequest): JsonObject {
  if (identity === undefined) throw unsupported();
  return { pushEndpoint: webhookUrl, oidcToken: identity };
}

/** Answers false if there is no such subscription. */
async function modify(context: HookSession, id: string, pushConfig: JsonObject): Promise<boolean> {
  const path = `/v1/${id}:modifyPushConfig`;
  const reply = await callGoogle(context, { service: "pubsub", method: "POST", path, json: { pushConfig } });
  if (reply.status === 404) return false;
  if (asObject(demandDone(context, reply).json) === undefined) throw unknownAnswer(context.api, reply);
  return true;
}

interface Creation {
  readonly request: HookRequest;
  readonly id: string;
  readonly pushConfig: JsonObject;
}

async function create(context: HookSession, { request, id, pushConfig }: Creation): Promise<void> {
  const topic = topicName(demandTopic(request.target));
  const json = { topic, pushConfig, ackDeadlineSeconds: ACK_DEADLINE_S, retryPolicy, expirationPolicy };
  const created = await callGoogle(context, { service: "pubsub", method: "PUT", path: `/v1/${id}`, json });
  if (created.status === 409) {
    await demandOurs(context, { request, id, topic });
    await modify(context, id, pushConfig);
  } else if (textAt(demandDone(context, created).json, "topic") !== topic) throw unknownAnswer(context.api, created);
}

interface Found {
  readonly request: HookRequest;
  readonly id: string;
  readonly topic: string;
}

/** @throws {SyncFailure} `hook_taken`: a subscription of that name delivers something else, or elsewhere */
async function demandOurs(context: HookSession, { request, id, topic }: Found): Promise<void> {
  const reply = demandDone(context, await callGoogle(context, { service: "pubsub", path: `/v1/${id}` }));
  const isOurs =
    textAt(reply.json, "topic") === topic && textAt(reply.json, "pushConfig", "pushEndpoint") === request.webhookUrl;
  if (!isOurs) throw failure("hook_taken", { api: context.api, reply, permanent: true });
}
