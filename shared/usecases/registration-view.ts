import { provisionedSteps, type Provisioning } from "../core/provisioning";
import { type Registration, reportedStatus, type ReportedStatus } from "../core/registration";
import type { SecretRotation } from "../core/rotation";
import { webhookUrlOf } from "./registration-rules";
import type { Services } from "./services";

/** A registration as its tenant reads it: everything but the secret. */
export interface RegistrationView {
  readonly registrationId: string;
  readonly webhookUrl: string;
  readonly integrationId: string;
  readonly connectionId: string;
  readonly events: readonly string[];
  readonly status: ReportedStatus;
  readonly isVerified: boolean;
  readonly verifiedAt?: string;
  readonly secretOrigin: Registration["secretOrigin"];
  readonly verification: Registration["verification"];
  /** How many secrets wait to be confirmed. */
  readonly candidateSecrets?: number;
  /** Set where the webhook is shared. */
  readonly routing?: Registration["routing"];
  readonly retryPolicy: Registration["retryPolicy"];
  readonly redact?: Registration["redact"];
  readonly keepBodies?: Registration["keepBodies"];
  readonly pause?: Registration["pause"];
  readonly metadata: Registration["metadata"];
  readonly provisioning?: Provisioning;
  /** Set while the secret is being changed. */
  readonly rotation?: Omit<SecretRotation, "replaced">;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** What to do at the provider, in order. */
  readonly setup: readonly string[];
}

/** What the API shows of a registration. */
export function toRegistrationView(services: Services, registration: Registration): RegistrationView {
  const webhookUrl = webhookUrlOf(services, registration.id);
  const candidates = registration.candidateSecrets?.length ?? 0;
  return {
    registrationId: registration.id,
    webhookUrl,
    integrationId: registration.integrationId,
    connectionId: registration.connectionId,
    events: registration.events,
    status: reportedStatus(registration),
    isVerified: registration.isVerified,
    ...(registration.verifiedAt === undefined ? {} : { verifiedAt: registration.verifiedAt }),
    secretOrigin: registration.secretOrigin,
    verification: registration.verification,
    ...(candidates === 0 ? {} : { candidateSecrets: candidates }),
    ...(registration.routing && { routing: registration.routing }),
    retryPolicy: registration.retryPolicy,
    ...(registration.redact && { redact: registration.redact }),
    ...(registration.keepBodies && { keepBodies: true }),
    ...(registration.pause && { pause: registration.pause }),
    metadata: registration.metadata,
    ...(registration.provisioning === undefined ? {} : { provisioning: registration.provisioning }),
    ...(registration.rotation && { rotation: toRotationView(registration.rotation) }),
    createdAt: registration.createdAt,
    updatedAt: registration.updatedAt,
    setup: setupOf(services, registration, webhookUrl),
  };
}

function toRotationView({ replaced: _, ...view }: SecretRotation): Omit<SecretRotation, "replaced"> {
  return view;
}

function setupOf(services: Services, registration: Registration, webhookUrl: string): readonly string[] {
  const provider = services.providers.get(registration.integrationId);
  if (!provider) return [];
  const { verification, provisioning } = registration;
  if (provisioning) return provisionedSteps(provisioning, provider.displayName);
  const { scheme } = verification;
  const missingSettings = provider.missingSettings?.(verification) ?? [];
  const steps = [...provider.setupSteps({ webhookUrl, scheme, settings: verification, missingSettings })];
  if (registration.routing !== undefined) {
    const step = `PUT ${webhookUrl}/routes/{id} with {"registrationId":"…"}`;
    steps.push(
      `Map each ${registration.routing} to a webhook of its tenant: ${step}. What is of any other is recorded and dropped.`,
    );
  }
  const weakness = provider.weakness?.(verification);
  return weakness === undefined ? steps : [...steps, `The proof of this webhook is weak: ${weakness}`];
}
