import type { Registration } from "../core/registration";
import { carriesSecret } from "../core/provider-hook";
import { providerNamed } from "./provider-of";
import { FRESH_MS } from "./registration-cache";
import type { Services } from "./services";

/** What is left to do for the owner of a webhook whose secret is being changed, in order. */
export function rotationSteps(services: Services, registration: Registration): readonly string[] {
  const { integrationId, provisioning, rotation, secretOrigin } = registration;
  if (rotation === undefined) return [];
  const { displayName, hints } = providerNamed(services, integrationId);
  if (provisioning && carriesSecret(provisioning.target)) {
    return [`Nothing: we change the secret at ${displayName} within some minutes, and retire the old one after that.`];
  }
  const usableFrom = new Date(Date.parse(rotation.startedAt) + FRESH_MS).toISOString();
  const change =
    secretOrigin === "generated"
      ? `enter the new secret at ${displayName} in place of the old one`
      : `let ${displayName} sign with the new secret, if it does not do so already`;
  return [
    `From ${usableFrom} on, when every instance knows it, ${change}.`,
    `Where it is, or how to compare: ${hints.secret}`,
    `Nothing more: deliveries signed with either are accepted. The old one is retired ${retirement(rotation)}, at ${rotation.deadline} at the latest. GET /webhooks/{registrationId}/health says which one is in use.`,
  ];
}

function retirement({ quietSeconds, quietDeliveries }: NonNullable<Registration["rotation"]>): string {
  const hours = `once only the new one was seen for ${Math.round(quietSeconds / 360) / 10} h`;
  return quietDeliveries === undefined ? hours : `${hours} or in ${quietDeliveries} deliveries in a row`;
}
