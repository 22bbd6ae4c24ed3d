import { WebhookError } from "../core/errors";
import { builtInMapping, builtInMappings } from "../sync/built-in-mappings";
import { type MappingView, toMappingView } from "./mapping-view";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** What a mapping is for. */
export interface OwnMappingKey {
  readonly tenantId: string;
  readonly integrationId: string;
  readonly entityType: string;
}

/** One page of the tenant's own mappings, and the names of those that come with the product. */
export interface MappingPage {
  readonly mappings: readonly MappingView[];
  readonly builtIn: readonly { readonly integrationId: string; readonly entityType: string }[];
  readonly nextCursor?: string;
}

/**
 * The mapping that counts for an entity type.
 * @throws {WebhookError} `mapping_not_found` where records keep their fields as they are
 */
export async function getMapping(services: Services, key: OwnMappingKey): Promise<MappingView> {
  const { integrationId, entityType } = key;
  const own = await services.mappings.get({ ...key, ...tenantOf(services, key.tenantId) });
  if (own) return toMappingView(own);
  const mapping = builtInMapping(integrationId, entityType);
  if (!mapping) throw new WebhookError("mapping_not_found");
  return { integrationId, entityType, origin: "built_in", mapping };
}

/** @throws {WebhookError} `invalid_cursor` */
export async function listMappings(
  services: Services,
  tenantId: string,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<MappingPage> {
  const { items, cursor } = await services.mappings.list(tenantOf(services, tenantId), page);
  return {
    mappings: items.map(toMappingView),
    builtIn: Object.entries(builtInMappings).flatMap(([integrationId, mappings]) =>
      Object.keys(mappings).map((entityType) => ({ integrationId, entityType })),
    ),
    ...(cursor === undefined ? {} : { nextCursor: cursor }),
  };
}
