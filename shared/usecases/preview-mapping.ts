import type { JsonObject } from "../core/json";
import type { Mapping } from "../core/mapping";
import type { FieldIssue } from "../core/shard";
import { primaryLens } from "../sync/lens";
import { keyOf } from "../sync/match-rules";
import { isWritable } from "../sync/reverse-transform";
import { isLacking } from "../sync/shard-state";
import { deriveRecords } from "../sync/transform";
import { demandSound } from "./put-mapping";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** A sample record, and the mapping to try: by default the one that counts. */
export interface PreviewRequest {
  readonly tenantId: string;
  readonly integrationId: string;
  readonly entityType: string;
  readonly record: JsonObject;
  readonly mapping?: Mapping;
}

/** A shard as it would be. */
export interface PreviewedShard {
  readonly shardTypeId: string;
  readonly structuredData: JsonObject;
  readonly issues: readonly FieldIssue[];
}

/** What the record would become. Nothing is stored. */
export interface MappingPreview {
  readonly primary: PreviewedShard;
  readonly derived: readonly (PreviewedShard & { readonly name: string; readonly relationship: string })[];
  /** For each deduplication rule, whether the record has what it compares. */
  readonly comparable: readonly boolean[];
  /** Fields whose changes in Castiel could be written back. */
  readonly writable: readonly string[];
}

/** @throws {WebhookError} `invalid_request` with the JSON pointer of every problem of the mapping */
export async function previewMapping(services: Services, request: PreviewRequest): Promise<MappingPreview> {
  const { tenantId, integrationId, entityType, record } = request;
  if (request.mapping) demandSound(services, request.mapping, "/mapping");
  const key = { ...tenantOf(services, tenantId), integrationId, entityType };
  const mapping = request.mapping ?? (await services.mappingSource.find(key));
  const lens = primaryLens(mapping, entityType, services.customRules);
  const { fields, issues } = lens.fieldsOf(record);
  // From a record that lacks what is required nothing is derived.
  const derivedRules = isLacking({ issues }) ? [] : mapping?.derived;
  return {
    primary: { shardTypeId: lens.shardTypeId, structuredData: fields, issues },
    derived: deriveRecords(record, derivedRules).map(({ rule, ...derived }) => ({
      name: rule.name,
      relationship: rule.relationship,
      shardTypeId: rule.shardTypeId,
      structuredData: derived.fields,
      issues: derived.issues,
    })),
    comparable: (mapping?.deduplicate?.rules ?? []).map((rule) => keyOf(rule, lens.shardTypeId, fields) !== undefined),
    writable: Object.entries(mapping?.fields ?? {}).flatMap(([field, rule]) => (isWritable(rule) ? [field] : [])),
  };
}
