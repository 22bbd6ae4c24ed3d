import { carriesSecret } from "../core/provider-hook";
import type { Registration } from "../core/registration";
import type { SecretRotation } from "../core/rotation";
import { providerNamed } from "./provider-of";
import { FRESH_MS } from "./registration-cache";
import type { Services } from "./services";

/** What is left to do for the owner of a webhook whose secret is being changed, or changed back, in order. */
export function rotationSteps(
  services: Services,
  registration: Registration,
  isChangedBack: boolean,
): readonly string[] {
  const { integrationId, provisioning, rotation } = registration;
  if (rotation === undefined) return [];
  const { displayName, hints } = providerNamed(services, integrationId);
  if (provisioning && carriesSecret(provisioning.target)) {
    return [
      `Nothing: we change the secret at ${displayName} within some minutes, and retire the other one after that.`,
    ];
  }
  return [
    isChangedBack
      ? `Let ${displayName} use the secret from before, if it uses the other one by now.`
      : stepAt(displayName, registration, rotation),
    `Where it is, or how to compare: ${hints.secret}`,
    `Nothing more: deliveries signed with either are accepted. The other one is retired ${retirement(rotation)}, at ${rotation.deadline} at the latest. GET /webhooks/{registrationId}/health says which one is in use.`,
  ];
}

function stepAt(displayName: string, { secretOrigin }: Registration, { startedAt }: SecretRotation): string {
  const usableFrom = new Date(Date.parse(startedAt) + FRESH_MS).toISOString();
  const step =
    secretOrigin === "generated"
      ? `enter the new secret at ${displayName} in place of the old one`
      : `let ${displayName} sign with the new secret, if it does not do so already`;
  return `From ${usableFrom} on, when every instance knows it, ${step}.`;
}

function retirement({ quietSeconds, quietDeliveries }: SecretRotation): string {
  const hours = `once only this one was seen for ${Math.round(quietSeconds / 360) / 10} h`;
  return quietDeliveries === undefined ? hours : `${hours} or in ${quietDeliveries} deliveries in a row`;
}
