import type { Tenant } from "../repositories/shards";
import type { Services } from "./services";

/** A tenant with the partition of its documents. */
export function tenantOf({ tenantKeyOf }: Pick<Services, "tenantKeyOf">, tenantId: string): Tenant {
  return { tenantId, tenantKey: tenantKeyOf(tenantId) };
}
