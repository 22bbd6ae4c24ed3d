import { WebhookError } from "../core/errors";
import type { OwnMappingKey } from "./get-mapping";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/**
 * Deletes the tenant's own mapping: the one that comes with the product counts again, if there is one.
 * @throws {WebhookError} `mapping_not_found`
 */
export async function deleteMapping(services: Services, key: OwnMappingKey): Promise<void> {
  const { integrationId, entityType } = key;
  const own = { ...tenantOf(services, key.tenantId), integrationId, entityType };
  if (!(await services.mappings.delete(own))) throw new WebhookError("mapping_not_found");
  services.mappingSource.forget(own);
  services.log("info", "mapping.deleted", { integrationId, entityType });
}
