import { randomBytes } from "node:crypto";
import type { Provider } from "../core/provider";
import {
  defaultRetryPolicy,
  type Registration,
  type RetryPolicy,
  type SecretOrigin,
  type VerificationSettings,
} from "../core/registration";
import { newRegistrationId } from "../core/registration-id";
import { providerNamed } from "./provider-of";
import { checkEvents, checkSecret, checkVerification, schemeFor, usesSecret, webhookUrlOf } from "./registration-rules";
import type { Services } from "./services";
import { type RegistrationView, toRegistrationView } from "./registration-view";

/** What a tenant asks for, already validated against the request schema. */
export interface RegisterRequest {
  readonly tenantId: string;
  readonly integrationId: string;
  readonly connectionId: string;
  readonly events: readonly string[];
  /** The provider's own secret, where the provider issues it. */
  readonly webhookSecret?: string;
  readonly verification?: VerificationSettings;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly retryPolicy?: Partial<RetryPolicy>;
}

/** The reply to a registration: the secret is in it this one time, and only if we made it. */
export interface NewRegistration extends RegistrationView {
  readonly webhookSecret?: string;
}

/**
 * Registers a webhook: the secret is stored first, then the document, so that no registration is without its secret.
 * @throws {WebhookError} `unknown_integration`, `invalid_request`, `store_unavailable`, `secrets_unavailable`
 */
export async function registerWebhook(services: Services, request: RegisterRequest): Promise<NewRegistration> {
  const provider = providerNamed(services, request.integrationId);
  checkEvents(request.events);
  const id = newRegistrationId(services.tenantKeyOf(request.tenantId));
  const { origin, secret } = chooseSecret(provider, request);
  const draft = draftRegistration(services, provider, { id, origin, request });
  checkVerification(provider, draft.verification);
  checkSecret(provider, draft.verification, request.webhookSecret);
  const registration =
    secret === undefined ? draft : { ...draft, secretVersion: await services.secrets.set(id, secret) };
  await services.registrations.create(registration);
  services.cache.forget(id);
  services.log("info", "registration.created", { registrationId: id, integrationId: provider.id });
  const { registrationId, webhookUrl, status, ...rest } = toRegistrationView(services, registration);
  const shown = origin === "generated" && secret !== undefined ? { webhookSecret: secret } : {};
  return { registrationId, webhookUrl, ...shown, status, ...rest };
}

function chooseSecret(provider: Provider, request: RegisterRequest): { origin: SecretOrigin; secret?: string } {
  const { webhookSecret: imported, verification } = request;
  if (!usesSecret(provider, verification?.scheme ?? provider.schemes[0])) return { origin: "none" };
  if (imported !== undefined) return { origin: "imported", secret: imported };
  return { origin: "generated", secret: `whsec_${randomBytes(32).toString("base64")}` };
}

function draftRegistration(
  services: Services,
  provider: Provider,
  { id, origin, request }: { readonly id: string; readonly origin: SecretOrigin; readonly request: RegisterRequest },
): Registration {
  const now = new Date(services.now()).toISOString();
  const takesTokens = origin === "none" && "audience" in (provider.verificationProperties ?? {});
  const verification = {
    ...(takesTokens ? { audience: webhookUrlOf(services, id) } : {}),
    ...request.verification,
    scheme: request.verification?.scheme ?? schemeFor(provider, origin),
  };
  return {
    id,
    pk: services.tenantKeyOf(request.tenantId),
    tenantId: request.tenantId,
    schemaVersion: 1,
    integrationId: provider.id,
    connectionId: request.connectionId,
    events: request.events,
    status: (provider.missingSettings?.(verification) ?? []).length > 0 ? "pending_verification" : "active",
    isVerified: false,
    secretOrigin: origin,
    verification,
    retryPolicy: { ...defaultRetryPolicy, ...request.retryPolicy },
    metadata: request.metadata ?? {},
    createdAt: now,
    updatedAt: now,
  };
}
