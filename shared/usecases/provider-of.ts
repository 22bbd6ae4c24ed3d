import { WebhookError } from "../core/errors";
import type { Provider } from "../core/provider";
import { requireOwn } from "./require-own";
import type { Services } from "./services";

/**
 * The provider of an integration.
 * @throws {WebhookError} `unknown_integration`
 */
export function providerNamed(services: Services, integrationId: string): Provider {
  const provider = services.providers.get(integrationId);
  if (!provider) throw new WebhookError("unknown_integration");
  return provider;
}

/**
 * The provider of a tenant's webhook.
 * @throws {WebhookError} `registration_not_found`, `unknown_integration`, `store_unavailable`
 */
export async function providerOf(
  services: Services,
  key: { readonly tenantId: string; readonly registrationId: string },
): Promise<Provider> {
  const { integrationId } = await requireOwn(services, key);
  return providerNamed(services, integrationId);
}
