import { WebhookError } from "../core/errors";
import type { Provider } from "../core/provider";
import type { Registration } from "../core/registration";
import {
  type ReplacedSecret,
  type RotationTerms,
  type SecretRotation,
  withoutReplaced,
  withRotation,
} from "../core/rotation";
import { announceChange } from "./ask-for-hooks";
import { checkTarget } from "./check-provisioning";
import { generateSecret } from "./generate-secret";
import { dropCandidates } from "./pending-secrets";
import { providerNamed } from "./provider-of";
import { checkSecret, schemeAfterImport } from "./registration-rules";
import { type RegistrationView, toRegistrationView } from "./registration-view";
import { type OwnKey, requireChangeable } from "./require-own";
import { rotationSteps } from "./rotation-steps";
import type { Services } from "./services";
import { trySettleHooks } from "./settle-hooks";

/** A new secret, or the end of a change that is under way. */
export interface RotateRequest {
  /** The provider's new secret, where the provider issues it. Absent: a new one is generated. */
  readonly webhookSecret?: string;
  /** How long both verify at most. */
  readonly overlapHours?: number;
  /** The old one is retired once only the new one was seen for so long … */
  readonly quietHours?: number;
  /** … or in so many deliveries in a row. */
  readonly quietDeliveries?: number;
  /** `finish`: the old secret is retired at once. `cancel`: it is the one that counts again, and the new one is on its way out. */
  readonly end?: "finish" | "cancel";
}

/** The webhook as it is then; a secret that we made is shown this one time. */
export interface RotateReply extends RegistrationView {
  readonly webhookSecret?: string;
}

/**
 * Changes a webhook's secret without losing a delivery: both verify until the old one is not used any more. Where we set
 * the secret at the provider, the timer of the hooks does so once all instances know it.
 * @throws {WebhookError} `registration_not_found`, `forbidden`, `invalid_request`, `secret_not_used`, `rotation_open`,
 *   `rotation_not_open`, `secret_not_taken`, `document_changed`, `store_unavailable`, `secrets_unavailable`
 */
export async function rotateSecret(services: Services, key: OwnKey, request: RotateRequest): Promise<RotateReply> {
  const registration = await requireChangeable(services, key);
  if (request.end === "finish") return finishRotation(services, registration);
  if (request.end === "cancel") return cancelRotation(services, registration);
  if (registration.secretVersion === undefined) throw new WebhookError("secret_not_used");
  if (registration.rotation) throw new WebhookError("rotation_open");
  const { secret, ...next } = chooseNext(providerNamed(services, registration.integrationId), registration, request);
  const begun = await beginRotation(services, registration, { secret, ...next, terms: termsOf(services, request) });
  if (next.secretOrigin === "imported") await dropCandidates(services, registration);
  services.log("info", "secret.rotation_begun", { registrationId: registration.id, startedBy: "owner" });
  const shown = next.secretOrigin === "generated" ? { webhookSecret: secret } : {};
  return { ...toRegistrationView(services, begun), ...shown, setup: rotationSteps(services, begun, false) };
}

/** A new secret and how it is used. */
interface NextSecret extends Omit<ReplacedSecret, "secretVersion"> {
  readonly secret: string;
}

/**
 * Only a secret that we made may be followed by another of ours: of any other kind the provider knows no way to take it.
 * @throws {WebhookError} `invalid_request`
 */
function chooseNext(provider: Provider, registration: Registration, { webhookSecret }: RotateRequest): NextSecret {
  const { secretOrigin, verification, provisioning } = registration;
  if (webhookSecret === undefined) {
    if (secretOrigin === "generated") return { secret: generateSecret(), secretOrigin, scheme: verification.scheme };
    const message = "is required: the present one was brought by you, so bring the one that takes its place";
    throw new WebhookError("invalid_request", { problems: [{ path: "/webhookSecret", message }] });
  }
  const scheme = schemeAfterImport(provider, verification.scheme);
  checkSecret(provider, { ...verification, scheme }, webhookSecret);
  const next = { secretOrigin: "imported", verification: { ...verification, scheme } } as const;
  if (provisioning) checkTarget(provider, next, provisioning.target);
  return { secret: webhookSecret, secretOrigin: "imported", scheme };
}

const HOUR_SECONDS = 3600;

function termsOf(services: Services, { overlapHours, quietHours, quietDeliveries }: RotateRequest): RotationTerms {
  const { rules } = services;
  const overlapSeconds = overlapHours === undefined ? rules.rotationOverlapSeconds : overlapHours * HOUR_SECONDS;
  return {
    ...defaultTerms(services, "owner"),
    deadline: new Date(services.now() + overlapSeconds * 1000).toISOString(),
    ...(quietHours === undefined ? {} : { quietSeconds: quietHours * HOUR_SECONDS }),
    ...(quietDeliveries === undefined ? {} : { quietDeliveries }),
  };
}

/** What a rotation begins with where nobody asks for anything else. */
export function defaultTerms({ rules, now }: Services, startedBy: RotationTerms["startedBy"]): RotationTerms {
  return {
    startedAt: new Date(now()).toISOString(),
    startedBy,
    deadline: new Date(now() + rules.rotationOverlapSeconds * 1000).toISOString(),
    quietSeconds: rules.rotationQuietSeconds,
  };
}

/**
 * Stores the secret, then the registration in which both count.
 * @throws {WebhookError} `rotation_open`, `secret_not_used`, `registration_not_found`, `document_changed`,
 *   `store_unavailable`, `secrets_unavailable`
 */
export async function beginRotation(
  services: Services,
  registration: Registration,
  { secret, terms, ...next }: NextSecret & { readonly terms: RotationTerms },
): Promise<Registration> {
  const { id } = registration;
  // The provider is asked only when no instance goes by what it read before: until then the old secret is in use.
  if (registration.provisioning) await announceChange(services, id);
  const secretVersion = await services.secrets.set(id, secret);
  return changeNow(services, id, (current) => {
    if (current.rotation) throw new WebhookError("rotation_open");
    const { candidateSecrets: _, ...kept } = current;
    const base = next.secretOrigin === "imported" ? kept : current;
    const begun = withRotation(base, { ...next, secretVersion }, terms);
    if (begun === undefined) throw new WebhookError("secret_not_used");
    return begun;
  });
}

async function finishRotation(services: Services, { id, rotation, provisioning }: Registration): Promise<RotateReply> {
  // The provider is to have the new one before the old one is refused; who is in a hurry waits for no timer.
  if (rotation && provisioning) await trySettleHooks(services, id);
  const finished = await changeNow(services, id, (current) => {
    if (!current.rotation) throw new WebhookError("rotation_not_open");
    const { state, reason } = current.provisioning ?? { state: "ready" };
    if (state === "pending" || reason !== undefined) throw new WebhookError("secret_not_taken");
    return withoutReplaced(current, new Date(services.now()).toISOString());
  });
  services.log("info", "secret.retired", { registrationId: id, reason: "finished" });
  return toRegistrationView(services, finished);
}

/** Turned round: the provider may use the new one already, so that it verifies as long as the old one would have. */
async function cancelRotation(services: Services, registration: Registration): Promise<RotateReply> {
  const { id } = registration;
  if (registration.provisioning) await announceChange(services, id);
  const turned = await changeNow(services, id, (current) => {
    if (!current.rotation) throw new WebhookError("rotation_not_open");
    return turnedRound(current, current.rotation, services.now());
  });
  services.log("info", "secret.rotation_cancelled", { registrationId: id });
  return { ...toRegistrationView(services, turned), setup: rotationSteps(services, turned, true) };
}

function turnedRound(registration: Registration, rotation: SecretRotation, now: number): Registration {
  const { replaced, startedAt, deadline, warnedAt: _, ...terms } = rotation;
  // Of another time than the one before, because it is by that that they are told apart.
  const start = Math.max(now, Date.parse(startedAt) + 1);
  const end = start + Date.parse(deadline) - Date.parse(startedAt);
  const times = { startedAt: new Date(start).toISOString(), deadline: new Date(end).toISOString() };
  return withRotation(registration, replaced, { ...terms, ...times, startedBy: "owner" }) ?? registration;
}

/** @throws {WebhookError} `registration_not_found`, `document_changed`, `store_unavailable` */
async function changeNow(
  services: Services,
  registrationId: string,
  to: (current: Registration) => Registration,
): Promise<Registration> {
  const changed = await services.registrations.update(registrationId, to);
  if (!changed) throw new WebhookError("registration_not_found");
  services.cache.forget(registrationId);
  return changed;
}
