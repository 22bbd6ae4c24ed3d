import { hash } from "node:crypto";
import type { ToldRequest } from "../core/delivery";
import { DeliveryRequest, type HeaderList } from "../core/delivery-request";
import { isOutage, WebhookError } from "../core/errors";
import { DeliveryRefused } from "../core/refusal";
import { acceptDelivery, type DeliveryResult } from "./accept-delivery";
import { activityKeyOf } from "./activity-key";
import { rateLimited } from "./deliver-to";
import { explainRefusal } from "./explain-refusal";
import { keepUnverified } from "./keep-request";
import { keepCandidate } from "./pending-secrets";
import { lookUp } from "./look-up";
import { noteAtDoor } from "./note-at-door";
import type { CachedRegistration } from "./registration-cache";
import { webhookUrlOf } from "./registration-rules";
import type { Services } from "./services";
import { toldRequest } from "./told-request";
import { proofOf, verifyDelivery } from "./verify-delivery";

/** A request at the door, before anything about it is believed. */
export interface IncomingDelivery {
  readonly registrationId: string;
  readonly headers: HeaderList;
  /** Reads the exact bytes, once. */
  readonly readBody: () => Promise<Buffer>;
  /** Where it came from, for the bucket of unverified attempts. */
  readonly remoteAddress: string;
  /** The query as it was sent, question mark included; empty where there is none. */
  readonly readQuery?: () => string;
}

/** A delivery on its way, once its registration is known. */
interface Walk {
  readonly services: Services;
  readonly entry: CachedRegistration;
  readonly request: DeliveryRequest;
  readonly remoteAddress: string;
  readonly startedAt: number;
  readonly receivedAt: number;
}

/**
 * The walk of a delivery (DESIGN 4): registration → caps → verify → rate → handshake or parse → match → queue → answer.
 * Resolves only once every event that the registration asked for is durably queued.
 * @throws {WebhookError} `registration_not_found`, `delivery_refused`, `payload_too_large`, `length_required`,
 *   `rate_limited`, `queue_unavailable`, `store_unavailable`, `secrets_unavailable`, `keys_unavailable`
 */
export async function receiveDelivery(services: Services, incoming: IncomingDelivery): Promise<DeliveryResult> {
  const startedAt = performance.now();
  const { headers } = incoming;
  const length = Number(headers.get("content-length") ?? 0);
  if (length > services.rules.maxBodyBytes) throw new WebhookError("payload_too_large");
  const { cache } = services;
  const entry = cache.peek(incoming.registrationId) ?? (await lookUp(services, incoming));
  const body = await readCapped(incoming, entry?.provider.maxBodyBytes ?? services.rules.maxBodyBytes, length);
  if (!entry || entry.registration.status === "inactive") throw notFound(body);
  services.tracer?.active()?.set({
    "castiel.registration.id": entry.registration.id,
    "castiel.integration.id": entry.registration.integrationId,
    "castiel.tenant.id": entry.registration.tenantId,
  });
  const walk: Walk = {
    services,
    entry,
    request: new DeliveryRequest(headers, body, () => urlOf(services, incoming)),
    remoteAddress: incoming.remoteAddress,
    startedAt,
    receivedAt: services.now(),
  };
  try {
    return await verifyAndGo(walk);
  } catch (error) {
    if (isOutage(error)) noteUnavailable(walk, error.code);
    throw error;
  }
}

function urlOf(services: Services, { registrationId, readQuery }: IncomingDelivery): string {
  return webhookUrlOf(services, registrationId) + (readQuery?.() ?? "");
}

async function readCapped(incoming: IncomingDelivery, cap: number, length: number): Promise<Buffer> {
  if (length > cap) throw new WebhookError("payload_too_large");
  const body = await incoming.readBody();
  // The Functions host hands over chunked bodies as empty: saying so beats a puzzling signature error.
  if (body.length === 0 && incoming.headers.get("transfer-encoding") !== null)
    throw new WebhookError("length_required");
  if (body.length > cap) throw new WebhookError("payload_too_large");
  return body;
}

/** The same answer in much the same time for unknown, deleted and inactive webhooks: a digest stands in for the check. */
function notFound(body: Buffer): WebhookError {
  hash("sha256", body, "hex");
  return new WebhookError("registration_not_found");
}

async function verifyAndGo(walk: Walk): Promise<DeliveryResult> {
  const { services, receivedAt, startedAt } = walk;
  const verified = verifyDelivery(services, walk);
  const outcome = verified instanceof Promise ? await verified : verified;
  if ("refused" in outcome) return refuseOrGreet({ ...walk, entry: outcome.entry }, outcome.refused);
  const { entry, request } = outcome;
  // A use of the old secret counts whatever comes of it: as long as there is any, the old one has to stay.
  if (entry.signer === "previous") noteSigner(services, entry, receivedAt);
  const result = await acceptDelivery(services, { entry, request, receivedAt, startedAt });
  if (entry.signer === "current" && isNews(result)) noteSigner(services, entry, receivedAt);
  return result;
}

/** What asked for nothing, or came before, can be sent any number of times by whoever saw it once. */
function isNews(result: DeliveryResult): boolean {
  return result.kind === "receipt" && result.receipt.syncTriggered;
}

/** While the secret is being changed, it counts which one is in use. */
function noteSigner({ gatherer }: Services, { registration, signer }: CachedRegistration, at: number): void {
  if (signer === undefined || registration.rotation === undefined) return;
  gatherer.noteSecretUse(activityKeyOf(registration), { rotation: registration.rotation.startedAt, signer, at });
}

/** An unverified request is refused, unless it is a handshake that a webhook still waiting for its secret may answer. */
async function refuseOrGreet(walk: Walk, refused: DeliveryRefused): Promise<DeliveryResult> {
  const { services, entry, request, remoteAddress, receivedAt } = walk;
  const { registration, provider } = entry;
  const attempt = services.limits.unverified.take(`${registration.id} ${remoteAddress}`, receivedAt);
  if (!attempt.allowed) {
    noteUnheard(walk, "throttled");
    throw rateLimited(attempt);
  }
  const answer = provider.answerProbe?.(request);
  if (answer) {
    noteAtDoor(services, registration, {
      verdict: "handshake",
      at: receivedAt,
      reason: "url_check",
      isUnproved: true,
    });
    return { kind: "handshake", reply: answer };
  }
  if (!registration.isVerified && registration.secretOrigin === "generated") {
    const greeting = provider.openHandshake?.(request, registration.verification);
    if (greeting) {
      await keepCandidate(services, registration, greeting);
      noteAtDoor(services, registration, { verdict: "handshake", at: receivedAt, reason: "unverified_handshake" });
      return { kind: "handshake", reply: greeting.reply };
    }
  }
  const proof = proofOf(services, entry, receivedAt);
  const explanation = await explainRefusal(services, { entry, request, proof }, refused.reason);
  const told = keepRefused(walk);
  noteAtDoor(services, registration, { verdict: "refused", at: receivedAt, ...explanation, request: told });
  throw new DeliveryRefused(refused.reason, provider.refusalHeaders);
}

/** Counts what leaves no record. */
function noteUnheard({ services, entry, receivedAt }: Walk, count: "throttled" | "unavailable"): void {
  const { registration } = entry;
  services.gatherer.note(activityKeyOf(registration), { at: receivedAt, count });
  services.metrics.deliveries.add(registration.integrationId, count);
}

/** A handshake brings a secret, which nobody is shown but by `confirm`. */
function keepRefused({ services, entry: { registration, provider }, request, receivedAt }: Walk): ToldRequest {
  const told = toldRequest(request, provider);
  const isGreeting = registration.keepBodies === true && provider.openHandshake?.(request, registration.verification);
  return isGreeting ? told : keepUnverified(services, registration, request, { told, at: receivedAt });
}

function noteUnavailable(walk: Walk, code: string): void {
  noteUnheard(walk, "unavailable");
  walk.services.log("warn", "delivery.unavailable", { registrationId: walk.entry.registration.id, code });
}
