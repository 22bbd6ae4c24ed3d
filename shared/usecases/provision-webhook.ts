import { WebhookError } from "../core/errors";
import { type RegistrationView, toRegistrationView } from "./registration-view";
import { requireOwn } from "./require-own";
import type { Services } from "./services";
import { askForHooks, trySettleHooks } from "./settle-hooks";

/**
 * Sets a webhook up at its provider at once, where an attempt failed, and otherwise sees that it stands there as it should.
 * @throws {WebhookError} `registration_not_found`, `not_provisioned`, `store_unavailable`
 */
export async function provisionWebhook(
  services: Services,
  key: { readonly tenantId: string; readonly registrationId: string },
): Promise<RegistrationView> {
  const { id, provisioning } = await requireOwn(services, key);
  if (provisioning === undefined) throw new WebhookError("not_provisioned");
  await askForHooks(services, id);
  await trySettleHooks(services, id);
  return toRegistrationView(services, await requireOwn(services, key));
}
