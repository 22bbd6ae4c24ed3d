import type { OutboundReply } from "../../core/outbound";
import type { HookTarget, TopicTarget } from "../../core/provider-hook";
import { failure, rejected, unknownAnswer, unsupported } from "./failures";
import { serviceUrl } from "./google-service";
import type { VendorRequest } from "./vendor-api";
import type { HookSession } from "./vendor-hooks";

/** A call to one of Google's services; `path` begins with a slash. */
export interface GoogleCall extends Omit<VendorRequest, "url"> {
  readonly service: "pubsub" | "gmail" | "workspaceevents" | "www";
  readonly path: string;
}

/** Calls a service and answers whatever comes; what to make of its status is the caller's. */
export function callGoogle(
  { session }: HookSession,
  { service, path, ...request }: GoogleCall,
): Promise<OutboundReply> {
  return session.call({ ...request, url: serviceUrl(session, service) + path });
}

/**
 * A reply that did what was asked.
 * @throws {SyncFailure} `target_not_found`, `provider_rejected`, `provider_answer_unknown`
 */
export function demandDone({ api }: HookSession, reply: OutboundReply): OutboundReply {
  if (reply.status >= 200 && reply.status < 300) return reply;
  if (reply.status === 404) throw failure("target_not_found", { api, reply, permanent: true });
  if ([400, 409, 412].includes(reply.status)) throw rejected(api, reply);
  throw unknownAnswer(api, reply);
}

/** A reply to a removal: what is gone already is removed. */
export function demandRemoved({ api }: HookSession, reply: OutboundReply): void {
  if (reply.status >= 300 && reply.status !== 404 && reply.status !== 410) throw unknownAnswer(api, reply);
}

/** A target that publishes to a topic. */
export type PublishingTarget = Extract<HookTarget, TopicTarget>;

/** @throws {SyncFailure} `unsupported`: the target is of another kind */
export function demandTopic(target: HookTarget): PublishingTarget {
  if ("topic" in target) return target;
  throw unsupported();
}

/** The full name of a target's topic. */
export function topicName({ project, topic }: TopicTarget): string {
  return `projects/${project}/topics/${topic}`;
}
