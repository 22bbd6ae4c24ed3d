import type { Mapping, MappingDocument } from "../core/mapping";

/** A mapping as its tenant reads it. */
export interface MappingView {
  readonly integrationId: string;
  readonly entityType: string;
  /** `built_in`: the tenant has none of its own. */
  readonly origin: "tenant" | "built_in";
  readonly mapping: Mapping;
  readonly updatedAt?: string;
  readonly updatedBy?: string;
}

/** What the API shows of a tenant's own mapping. */
export function toMappingView(document: MappingDocument): MappingView {
  const { integrationId, entityType, mapping, updatedAt, updatedBy } = document;
  return { integrationId, entityType, origin: "tenant", mapping, updatedAt, updatedBy };
}
