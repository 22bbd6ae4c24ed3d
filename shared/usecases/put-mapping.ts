import { WebhookError } from "../core/errors";
import type { Mapping } from "../core/mapping";
import { mappingIdOf } from "../repositories/mappings";
import { checkMapping } from "../sync/check-mapping";
import type { OwnMappingKey } from "./get-mapping";
import { type MappingView, toMappingView } from "./mapping-view";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/**
 * Sets the tenant's mapping of an entity type. Records take its shape when they are next synchronised; what was edited in
 * Castiel stands as it did.
 * @throws {WebhookError} `unknown_integration`, `invalid_request` with the JSON pointer of every problem
 */
export async function putMapping(
  services: Services,
  key: OwnMappingKey & { readonly subject: string },
  mapping: Mapping,
): Promise<MappingView> {
  const { tenantId, integrationId, entityType, subject } = key;
  if (!services.providers.has(integrationId)) throw new WebhookError("unknown_integration");
  demandSound(services, mapping);
  const tenant = tenantOf(services, tenantId);
  const document = {
    id: mappingIdOf(key),
    pk: tenant.tenantKey,
    tenantId,
    schemaVersion: 1,
    integrationId,
    entityType,
    mapping,
    updatedAt: new Date(services.now()).toISOString(),
    updatedBy: subject,
  };
  await services.mappings.save(document);
  services.mappingSource.forget({ ...tenant, integrationId, entityType });
  services.log("info", "mapping.changed", { integrationId, entityType });
  return toMappingView(document);
}

/** @throws {WebhookError} `invalid_request`; `within` is the pointer to the mapping in the request */
export function demandSound(services: Services, mapping: Mapping, within = ""): void {
  const problems = checkMapping(mapping, services.customRules);
  if (problems.length === 0) return;
  throw new WebhookError("invalid_request", {
    problems: problems.map(({ path, message }) => ({ path: within + path, message })),
  });
}
