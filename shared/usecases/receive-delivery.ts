import { hash } from "node:crypto";
import { DeliveryRequest, type HeaderReader } from "../core/delivery-request";
import { isOutage, WebhookError } from "../core/errors";
import type { Proof, VerifiedRequest } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import { acceptDelivery, type DeliveryResult } from "./accept-delivery";
import { activityKeyOf } from "./activity-key";
import { rateLimited } from "./deliver-to";
import { explainRefusal } from "./explain-refusal";
import { keepCandidate } from "./pending-secrets";
import { lookUp } from "./look-up";
import { noteAtDoor } from "./note-at-door";
import type { CachedRegistration } from "./registration-cache";
import { webhookUrlOf } from "./registration-rules";
import type { Services } from "./services";
import { toldRequest } from "./told-request";

/** A request at the door, before anything about it is believed. */
export interface IncomingDelivery {
  readonly registrationId: string;
  readonly headers: HeaderReader;
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

/** A delivery that is proved, by the secret that the entry is of. */
interface Proved {
  readonly entry: CachedRegistration;
  readonly request: VerifiedRequest;
}

async function verifyAndGo(walk: Walk): Promise<DeliveryResult> {
  const { services, entry, receivedAt, startedAt } = walk;
  let proved: Proved;
  try {
    const verifying = verify(walk, entry);
    proved = { entry, request: verifying instanceof Promise ? await verifying : verifying };
  } catch (error) {
    if (!(error instanceof DeliveryRefused)) throw error;
    const otherwise = await verifyOtherwise(walk, error);
    if ("refused" in otherwise) return refuseOrGreet({ ...walk, entry: otherwise.entry }, otherwise.refused);
    proved = otherwise;
  }
  const delivery = { entry: proved.entry, request: proved.request, receivedAt, startedAt };
  // A use of the old secret counts whatever comes of it: as long as there is any, the old one has to stay.
  if (proved.entry.signer === "previous") noteSigner(services, proved.entry, receivedAt);
  const result = await acceptDelivery(services, delivery);
  if (proved.entry.signer === "current" && isNews(result)) noteSigner(services, proved.entry, receivedAt);
  return result;
}

/** What asked for nothing, or came before, can be sent any number of times by whoever saw it once. */
function isNews(result: DeliveryResult): boolean {
  return result.kind === "receipt" && result.receipt.syncTriggered;
}

/** A refusal, and the registration that it was held against. */
interface Refused {
  readonly entry: CachedRegistration;
  readonly refused: DeliveryRefused;
}

/** What else may prove a delivery: the secret that is being replaced, and what was changed elsewhere just now. */
async function verifyOtherwise(walk: Walk, refused: DeliveryRefused): Promise<Proved | Refused> {
  const { entry, services } = walk;
  const byPrevious = entry.previous && (await tryVerify(walk, entry.previous));
  if (byPrevious && "request" in byPrevious) return byPrevious;
  const reread = await services.cache.reread(entry);
  if (!reread || reread === entry) return { entry, refused };
  const outcome = await tryVerify(walk, reread);
  if ("request" in outcome || reread.previous === undefined) return outcome;
  const again = await tryVerify(walk, reread.previous);
  return "request" in again ? again : outcome;
}

async function tryVerify(walk: Walk, entry: CachedRegistration): Promise<Proved | Refused> {
  try {
    return { entry, request: await verify(walk, entry) };
  } catch (error) {
    if (error instanceof DeliveryRefused) return { entry, refused: error };
    throw error;
  }
}

/** While the secret is being changed, it counts which one is in use. */
function noteSigner({ gatherer }: Services, { registration, signer }: CachedRegistration, at: number): void {
  if (signer === undefined || registration.rotation === undefined) return;
  gatherer.noteSecretUse(activityKeyOf(registration), { rotation: registration.rotation.startedAt, signer, at });
}

function verify(
  { services, request, receivedAt }: Walk,
  entry: CachedRegistration,
): VerifiedRequest | Promise<VerifiedRequest> {
  const { registration, provider } = entry;
  if (registration.status === "pending_verification") throw new DeliveryRefused("pending_verification");
  if (registration.status === "inactive") throw new WebhookError("registration_not_found");
  return provider.verify(request, proofOf(services, entry, receivedAt));
}

function proofOf({ rules }: Services, { registration, secrets }: CachedRegistration, now: number): Proof {
  const settings = registration.verification;
  return {
    scheme: settings.scheme,
    secrets,
    settings,
    toleranceSeconds: settings.toleranceSeconds ?? rules.toleranceSeconds,
    now,
  };
}

/** An unverified request is refused, unless it is a handshake that a webhook still waiting for its secret may answer. */
async function refuseOrGreet(walk: Walk, refused: DeliveryRefused): Promise<DeliveryResult> {
  const { services, entry, request, remoteAddress, receivedAt } = walk;
  const { registration, provider } = entry;
  const attempt = services.limits.unverified.take(`${registration.id} ${remoteAddress}`, receivedAt);
  if (!attempt.allowed) throw rateLimited(attempt);
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
  const told = toldRequest(request, provider);
  noteAtDoor(services, registration, { verdict: "refused", at: receivedAt, ...explanation, request: told });
  throw new DeliveryRefused(refused.reason, provider.refusalHeaders);
}

function noteUnavailable({ services, entry, receivedAt }: Walk, code: string): void {
  const { registration } = entry;
  services.gatherer.note(activityKeyOf(registration), { at: receivedAt, count: "unavailable" });
  services.metrics.deliveries.add(registration.integrationId, "unavailable");
  services.log("warn", "delivery.unavailable", { registrationId: registration.id, code });
}
