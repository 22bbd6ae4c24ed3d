import { WebhookError } from "../core/errors";
import { askForHooksAnew } from "./ask-for-hooks";
import { type RegistrationView, toRegistrationView } from "./registration-view";
import { type OwnKey, requireChangeable, requireOwn } from "./require-own";
import type { Services } from "./services";
import { trySettleHooks } from "./settle-hooks";

/**
 * Sets a webhook up at its provider at once, where an attempt failed; otherwise puts right whatever was changed there.
 * @throws {WebhookError} `registration_not_found`, `forbidden`, `not_provisioned`, `store_unavailable`
 */
export async function provisionWebhook(services: Services, key: OwnKey): Promise<RegistrationView> {
  const { id, provisioning } = await requireChangeable(services, key);
  if (provisioning === undefined) throw new WebhookError("not_provisioned");
  await askForHooksAnew(services, id);
  await trySettleHooks(services, id);
  return toRegistrationView(services, await requireOwn(services, key));
}
