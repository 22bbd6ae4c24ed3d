import { WebhookError } from "../core/errors";
import type { Provider } from "../core/provider";
import type { Registration, RetryPolicy, VerificationSettings } from "../core/registration";
import { withSecretVersion } from "../core/rotation";
import { announceChange, askForHooks } from "./ask-for-hooks";
import { checkTarget } from "./check-provisioning";
import { providerNamed } from "./provider-of";
import {
  checkEvents,
  checkKeptBodies,
  checkSecret,
  checkVerification,
  schemeAfterImport,
  usesSecret,
} from "./registration-rules";
import { type RegistrationView, toRegistrationView } from "./registration-view";
import { dropCandidates } from "./pending-secrets";
import { type OwnKey, requireChangeable } from "./require-own";
import type { Services } from "./services";
import { trySettleHooks } from "./settle-hooks";
import { checkSharedChange } from "./shared-webhook";

/** What may be changed; a field that is absent stays as it is. */
export interface UpdateRequest {
  readonly events?: readonly string[];
  readonly connectionId?: string;
  readonly webhookSecret?: string;
  readonly status?: "active" | "inactive";
  readonly verification?: VerificationSettings;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly retryPolicy?: Partial<RetryPolicy>;
  /** An empty list: the log may hold everything again. */
  readonly redact?: readonly string[];
  /** `false`: no further ones; what is kept stays as long as its delivery's record. */
  readonly keepBodies?: boolean;
}

/**
 * Changes a registration, and what we set up for it at its provider. A new secret replaces the old one at once and is
 * verified by the provider's own scheme, unless the request names another or the owner chose another before.
 * @throws {WebhookError} `registration_not_found`, `forbidden`, `invalid_request`, `document_changed`, `store_unavailable`,
 *   `secrets_unavailable`
 */
export async function updateWebhook(
  services: Services,
  key: OwnKey,
  request: UpdateRequest,
): Promise<RegistrationView> {
  const registration = await requireChangeable(services, key);
  const provider = providerNamed(services, registration.integrationId);
  checkSharedChange(registration, request);
  if (request.events) checkEvents(request.events);
  const next = changed(registration, provider, request);
  const { verification } = next;
  checkVerification(provider, verification);
  if (next.provisioning) checkTarget(provider, next, next.provisioning.target);
  checkSecret(provider, verification, request.webhookSecret);
  checkKeptBodies(next);
  if (request.webhookSecret === undefined) await checkStoredSecret(services, registration, { provider, verification });
  if (registration.provisioning) await announceChange(services, registration.id);
  const secretVersion =
    request.webhookSecret === undefined
      ? undefined
      : await services.secrets.set(registration.id, request.webhookSecret);
  const updatedAt = new Date(services.now()).toISOString();
  let replaced = registration;
  const updated = await services.registrations.update(registration.id, (current) => {
    replaced = current;
    const next = withActivation({ ...changed(current, provider, request), updatedAt }, current);
    return secretVersion === undefined ? next : withSecretVersion(next, secretVersion, updatedAt);
  });
  if (!updated) throw new WebhookError("registration_not_found");
  // Whoever brings the provider's secret by hand waits for none that it might offer.
  if (secretVersion !== undefined) await dropCandidates(services, replaced);
  services.cache.forget(registration.id);
  services.log("info", "registration.updated", { registrationId: registration.id, fields: Object.keys(request) });
  if (updated.provisioning === undefined) return toRegistrationView(services, updated);
  await askForHooks(services, registration.id);
  await trySettleHooks(services, registration.id);
  return toRegistrationView(services, await requireChangeable(services, key));
}

/** What the secret stands for may change with these settings: a bearer token is no base64 of a key, or of a short one. */
const readingSettings = ["scheme", "keyEncoding"] as const;

/**
 * Holds the secret that the owner brought once against settings that would have it read otherwise. Our own is good for all.
 * @throws {WebhookError} `invalid_request`, `secrets_unavailable`
 */
async function checkStoredSecret(
  services: Services,
  { id, secretOrigin, secretVersion, verification: before }: Registration,
  { provider, verification }: { readonly provider: Provider; readonly verification: Registration["verification"] },
): Promise<void> {
  const setting = readingSettings.find((name) => verification[name] !== before[name]);
  const isOurs = secretOrigin === "generated" || secretVersion === undefined;
  if (setting === undefined || isOurs || !usesSecret(provider, verification.scheme)) return;
  const secret = await services.secrets.get(id, secretVersion);
  const problem = secret === undefined ? undefined : provider.secretProblem?.(secret, verification);
  if (problem === undefined) return;
  const message = `does not go with the stored secret, which ${problem}; bring another with it`;
  throw new WebhookError("invalid_request", { problems: [{ path: `/verification/${setting}`, message }] });
}

function changed(registration: Registration, provider: Provider, request: UpdateRequest): Registration {
  const { candidateSecrets, redact: redactedSoFar, keepBodies: keptSoFar = false, ...current } = registration;
  const redact = request.redact ?? redactedSoFar ?? [];
  const imported = request.webhookSecret !== undefined;
  const verification = {
    ...current.verification,
    ...(imported ? { scheme: schemeAfterImport(provider, current.verification.scheme) } : {}),
    ...request.verification,
  };
  return {
    ...current,
    events: request.events ?? current.events,
    connectionId: request.connectionId ?? current.connectionId,
    metadata: request.metadata ?? current.metadata,
    retryPolicy: { ...current.retryPolicy, ...request.retryPolicy },
    ...(redact.length > 0 && { redact }),
    ...((request.keepBodies ?? keptSoFar) && { keepBodies: true as const }),
    verification,
    ...(imported ? { secretOrigin: "imported" as const } : candidateSecrets && { candidateSecrets }),
    status: statusAfter(current, provider, verification, request.status),
  };
}

/** While it was off nothing was to come, and so there was no silence. */
function withActivation(next: Registration, { status }: Registration): Registration {
  const isSwitchedOn = status === "inactive" && next.status !== "inactive";
  return isSwitchedOn ? { ...next, activatedAt: next.updatedAt } : next;
}

function statusAfter(
  current: Registration,
  provider: Provider,
  verification: VerificationSettings,
  wanted: UpdateRequest["status"],
): Registration["status"] {
  if (wanted === "inactive") return "inactive";
  if (current.status === "inactive" && wanted === undefined) return "inactive";
  if ((provider.missingSettings?.(verification) ?? []).length > 0) return "pending_verification";
  return current.status === "failed" && wanted === undefined ? "failed" : "active";
}
