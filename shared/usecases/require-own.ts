import { WebhookError } from "../core/errors";
import type { Registration } from "../core/registration";
import type { Services } from "./services";

/** Which registration, and who asks. */
export interface OwnKey {
  readonly tenantId: string;
  readonly registrationId: string;
  readonly isOperator?: boolean;
}

/**
 * The tenant's own registration.
 * @throws {WebhookError} `registration_not_found`, also where it is another tenant's
 */
export async function requireOwn(
  { registrations }: Services,
  { tenantId, registrationId }: OwnKey,
): Promise<Registration> {
  const own = await registrations.findOwn(tenantId, registrationId);
  if (!own) throw new WebhookError("registration_not_found");
  return own.value;
}

/**
 * The tenant's own registration, for a change. A shared webhook is an operator's: who sets its secret can sign deliveries
 * of every account that is mapped there.
 * @throws {WebhookError} `registration_not_found`, `forbidden`
 */
export async function requireChangeable(services: Services, key: OwnKey): Promise<Registration> {
  const registration = await requireOwn(services, key);
  if (registration.routing !== undefined && key.isOperator !== true) {
    throw new WebhookError("forbidden", { detail: "operator" });
  }
  return registration;
}
