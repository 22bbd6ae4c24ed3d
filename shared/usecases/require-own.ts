import { WebhookError } from "../core/errors";
import type { Registration } from "../core/registration";
import type { Services } from "./services";

/**
 * The tenant's own registration.
 * @throws {WebhookError} `registration_not_found`, also where it is another tenant's
 */
export async function requireOwn(
  { registrations }: Services,
  { tenantId, registrationId }: { readonly tenantId: string; readonly registrationId: string },
): Promise<Registration> {
  const own = await registrations.findOwn(tenantId, registrationId);
  if (!own) throw new WebhookError("registration_not_found");
  return own.value;
}
