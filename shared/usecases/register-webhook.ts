import type { AccountKind } from "../core/account-routing";
import type { Provider } from "../core/provider";
import type { HookTarget } from "../core/provider-hook";
import {
  defaultRetryPolicy,
  type Registration,
  type RetryPolicy,
  type SecretOrigin,
  type VerificationSettings,
} from "../core/registration";
import { newRegistrationId } from "../core/registration-id";
import { checkCredentials, checkTarget, type ProvisioningRequest, wantedTarget } from "./check-provisioning";
import { generateSecret } from "./generate-secret";
import { newLedger } from "./hook-request";
import { providerNamed } from "./provider-of";
import {
  checkEvents,
  checkKeptBodies,
  checkSecret,
  checkVerification,
  schemeFor,
  usesSecret,
  webhookUrlOf,
} from "./registration-rules";
import type { Services } from "./services";
import { checkRouting } from "./shared-webhook";
import { type RegistrationView, toRegistrationView } from "./registration-view";
import { trySettleHooks } from "./settle-hooks";

/** What a tenant asks for, already validated against the request schema. */
export interface RegisterRequest extends ProvisioningRequest {
  readonly tenantId: string;
  readonly integrationId: string;
  /** Absent, like the events, only where the webhook is shared. */
  readonly connectionId?: string;
  readonly events?: readonly string[];
  /** The deliveries are those of many accounts: only an operator may ask for that. */
  readonly routing?: AccountKind;
  /** The provider's own secret, where the provider issues it. */
  readonly webhookSecret?: string;
  readonly verification?: VerificationSettings;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly retryPolicy?: Partial<RetryPolicy>;
  readonly redact?: readonly string[];
  readonly keepBodies?: boolean;
}

/** The reply to a registration: the secret is in it this one time, and only if we made it. */
export interface NewRegistration extends RegistrationView {
  readonly webhookSecret?: string;
}

/**
 * Registers a webhook: the secret is stored first, then the document, so that no registration is without its secret. Where
 * it is asked for, the provider is then told to deliver; a failure of that leaves a registration that waits for it.
 * @throws {WebhookError} `unknown_integration`, `invalid_request`, `connection_not_found`, `credentials_missing`,
 *   `store_unavailable`, `secrets_unavailable`
 */
export async function registerWebhook(services: Services, request: RegisterRequest): Promise<NewRegistration> {
  const provider = providerNamed(services, request.integrationId);
  checkRouting(provider, request);
  if (request.events) checkEvents(request.events);
  const target = wantedTarget(provider, request);
  const id = newRegistrationId(services.tenantKeyOf(request.tenantId));
  const scheme = request.verification?.scheme ?? (target && provider.provisioning?.schemeOf?.(target));
  const { origin, secret } = chooseSecret(provider, request.webhookSecret, scheme);
  const draft = draftRegistration(services, provider, { id, origin, scheme, request });
  checkVerification(provider, draft.verification);
  checkSecret(provider, draft.verification, request.webhookSecret);
  checkKeptBodies(draft);
  if (target) {
    checkTarget(provider, draft, target);
    await checkCredentials(services, draft, target);
  }
  const registration =
    secret === undefined ? draft : { ...draft, secretVersion: await services.secrets.set(id, secret) };
  const created = await create(services, registration, target);
  services.log("info", "registration.created", { registrationId: id, integrationId: provider.id });
  const { registrationId, webhookUrl, status, setup, ...rest } = toRegistrationView(services, created);
  const shown = origin === "generated" && secret !== undefined ? { webhookSecret: secret } : {};
  return { registrationId, webhookUrl, ...shown, status, ...rest, setup: [...noApiFor(provider, request), ...setup] };
}

function noApiFor({ displayName, provisioning }: Provider, { provision }: RegisterRequest): readonly string[] {
  return provision === true && !provisioning
    ? [`${displayName} has no API to set webhooks up by, so these steps are left to you.`]
    : [];
}

/** What is to be made at the provider is noted before the registration is stored: the timer finds what a crash left of it. */
async function create(
  services: Services,
  registration: Registration,
  target: HookTarget | undefined,
): Promise<Registration> {
  const { id } = registration;
  if (target === undefined) {
    await services.registrations.create(registration);
    services.cache.forget(id);
    return registration;
  }
  await services.hookLedgers.create(newLedger(services, registration, target));
  const pending = { ...registration, provisioning: { target, state: "pending" } } as const;
  await services.registrations.create(pending);
  services.cache.forget(id);
  await trySettleHooks(services, id);
  return (await services.registrations.find(id).catch(() => undefined))?.value ?? pending;
}

function chooseSecret(
  provider: Provider,
  imported: string | undefined,
  scheme: string = provider.schemes[0],
): { origin: SecretOrigin; secret?: string } {
  if (!usesSecret(provider, scheme)) return { origin: "none" };
  if (imported !== undefined) return { origin: "imported", secret: imported };
  return { origin: "generated", secret: generateSecret() };
}

interface Draft {
  readonly id: string;
  readonly origin: SecretOrigin;
  /** Absent: the one that goes with the origin of the secret. */
  readonly scheme: string | undefined;
  readonly request: RegisterRequest;
}

function draftRegistration(
  services: Services,
  provider: Provider,
  { id, origin, scheme, request }: Draft,
): Registration {
  const now = new Date(services.now()).toISOString();
  const takesTokens = origin === "none" && "audience" in (provider.verificationProperties ?? {});
  const verification = {
    ...(takesTokens ? { audience: webhookUrlOf(services, id) } : {}),
    ...request.verification,
    scheme: scheme ?? schemeFor(provider, origin),
  };
  return {
    id,
    pk: services.tenantKeyOf(request.tenantId),
    tenantId: request.tenantId,
    schemaVersion: 1,
    integrationId: provider.id,
    connectionId: request.connectionId ?? "",
    events: request.events ?? [],
    status: (provider.missingSettings?.(verification) ?? []).length > 0 ? "pending_verification" : "active",
    isVerified: false,
    secretOrigin: origin,
    verification,
    ...(request.routing && { routing: request.routing }),
    retryPolicy: { ...defaultRetryPolicy, ...request.retryPolicy },
    ...(request.redact && request.redact.length > 0 && { redact: request.redact }),
    ...(request.keepBodies === true && { keepBodies: true }),
    metadata: request.metadata ?? {},
    createdAt: now,
    updatedAt: now,
  };
}
