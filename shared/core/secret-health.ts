import type { Activity } from "./activity";
import type { Provider } from "./provider";
import { carriesSecret } from "./provider-hook";
import type { Registration } from "./registration";
import { isDeadlineAlarming, secretDueAt, type SecretRotation, type SecretUses, usesDuring } from "./rotation";

/** How a webhook's secret stands, for its owner. Times as ISO 8601. */
export interface SecretHealth {
  /** Since when the present one counts. */
  readonly since: string;
  /** When it is so old that it is to be changed; absent without such a rule, and during a change. */
  readonly dueAt?: string;
  /** We change it at the provider ourselves when it is due. */
  readonly rotatesItself?: true;
  /** The change that is under way. */
  readonly rotation?: RotationHealth;
}

/** What was seen during a change of the secret. */
export interface RotationHealth {
  readonly startedAt: string;
  readonly deadline: string;
  /** Deliveries that the new and the old one signed. */
  readonly currentUses: number;
  readonly previousUses: number;
  readonly previousLastUsedAt?: string;
  /** The deadline is near, and the provider still uses the old one. */
  readonly isAlarming: boolean;
}

interface Input {
  readonly registration: Registration;
  readonly activity: Activity;
  readonly provider: Provider;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Absent, or 0: a secret never is too old. */
  readonly secretMaxAgeMs?: number;
}

/** Nothing where a webhook has no secret. */
export function secretHealthOf({ registration, activity, now, secretMaxAgeMs = 0 }: Input): SecretHealth | undefined {
  const { secretVersion, secretSince: since = registration.createdAt, rotation } = registration;
  if (secretVersion === undefined) return undefined;
  const dueAt = secretDueAt(registration, secretMaxAgeMs);
  return {
    since,
    ...(dueAt === undefined ? {} : { dueAt: new Date(dueAt).toISOString() }),
    ...(dueAt !== undefined && rotatesItself(registration) && { rotatesItself: true }),
    ...(rotation && { rotation: toRotationHealth(rotation, usesDuring(rotation, activity.secretUses), now) }),
  };
}

/**
 * True for a secret that is ours alone and that we set at the provider ourselves, where nothing hinders us just now: then
 * nobody needs to do anything about changing it.
 */
export function rotatesItself({ secretOrigin, provisioning }: Registration): boolean {
  if (secretOrigin !== "generated" || provisioning === undefined) return false;
  return provisioning.state === "ready" && provisioning.reason === undefined && carriesSecret(provisioning.target);
}

function toRotationHealth(rotation: SecretRotation, uses: SecretUses, now: number): RotationHealth {
  return {
    startedAt: rotation.startedAt,
    deadline: rotation.deadline,
    currentUses: uses.current?.times ?? 0,
    previousUses: uses.previous?.times ?? 0,
    ...(uses.previous && { previousLastUsedAt: uses.previous.lastAt }),
    isAlarming: isDeadlineAlarming(rotation, uses, now),
  };
}

/** What the owner has to know of the secret, a sentence each. */
export function secretAdvice({ registration, provider, now }: Input, secret: SecretHealth | undefined): string[] {
  const { dueAt, rotation } = secret ?? {};
  if (rotation) return [rotationSentence(rotation, registration, provider)];
  if (dueAt === undefined || Date.parse(dueAt) > now || rotatesItself(registration)) return [];
  return [
    `The secret is due to be changed since ${dueAt}: POST /webhooks/{registrationId}/rotate-secret, which loses no delivery.`,
  ];
}

function rotationSentence(
  { startedAt, deadline, currentUses, previousUses, previousLastUsedAt = "", isAlarming }: RotationHealth,
  { provisioning }: Registration,
  { displayName }: Provider,
): string {
  const seen = `The secret is being changed since ${startedAt}: ${currentUses} deliveries were signed with the new one, ${previousUses} with the old one.`;
  if (provisioning && carriesSecret(provisioning.target)) {
    return `${seen} We change it at ${displayName}, and the old one verifies until that is done.`;
  }
  const still = `${displayName} still used the old one at ${previousLastUsedAt}, and it is refused from ${deadline} on: enter the new one there, or end the change by POST /webhooks/{registrationId}/rotate-secret with {"end":"cancel"}.`;
  return isAlarming ? `${seen} ${still}` : `${seen} The old one verifies until ${deadline} at the latest.`;
}
