import { shardStatuses } from "../core/shard";

/** JSON schemas of shards and their conflicts. */

const time = { type: "string", format: "date-time" } as const;
const text = { type: "string" } as const;
const field = { type: "string", minLength: 1, maxLength: 200, pattern: "^[^\\u0000-\\u001f]+$" } as const;

/** Path parameter: a shard. */
export const shardIdParameter = { type: "string", pattern: "^shard-[0-9a-f]{40}$" } as const;

/** Path parameter: a conflict. */
export const conflictIdParameter = { type: "string", pattern: "^conflict-[0-9a-f]{40}$" } as const;

/** Query parameter: whether a shard is shown, deleted, or shown by another. */
export const shardStatusParameter = { enum: shardStatuses } as const;

const shardProperties = {
  shardId: text,
  shardTypeId: text,
  status: shardStatusParameter,
  integrationId: text,
  connectionId: text,
  entityType: text,
  externalId: text,
  scope: text,
  structuredData: { type: "object" },
  edits: { type: "object", description: "Fields that were changed in Castiel, by whom and when." },
  links: { type: "array", items: { type: "object" } },
  derivedFrom: text,
  merged: { type: "array", items: { type: "object" } },
  mergedInto: text,
  replacedBy: text,
  conflictId: text,
  issues: { type: "array", items: { type: "object" } },
  revision: { type: "integer" },
  createdAt: time,
  updatedAt: time,
} as const;

const required = ["shardId", "shardTypeId", "status", "integrationId", "structuredData", "revision"] as const;

/** A shard in a list. */
const listedShardSchema = { title: "ListedShard", type: "object", required, properties: shardProperties } as const;

/** One shard. */
export const shardSchema = {
  title: "Shard",
  type: "object",
  required: [...required, "source"],
  properties: {
    ...shardProperties,
    source: { type: "object", description: "The provider's own fields as last synchronised." },
  },
} as const;

/** One page of shards. */
export const shardPageSchema = {
  title: "ShardPage",
  type: "object",
  required: ["shards"],
  properties: { shards: { type: "array", items: listedShardSchema }, nextCursor: text },
} as const;

/** Body of `PATCH /shards/{shardId}`. */
export const editShardBodySchema = {
  title: "EditShard",
  type: "object",
  additionalProperties: false,
  anyOf: [{ required: ["fields"] }, { required: ["revert"] }],
  properties: {
    fields: {
      type: "object",
      minProperties: 1,
      maxProperties: 200,
      propertyNames: field,
      description: "New values of the shard's fields; null clears one.",
    },
    revert: { type: "array", minItems: 1, maxItems: 200, items: field, description: "Follow the provider again." },
    revision: { type: "integer", minimum: 1, description: "Refused with 409 if the shard has a newer one." },
  },
} as const;

/** Body of `POST /shards/{shardId}/unmerge`. */
export const unmergeBodySchema = {
  title: "UnmergeShard",
  type: "object",
  required: ["shardId"],
  additionalProperties: false,
  properties: { shardId: { ...shardIdParameter, description: "The duplicate to take out." } },
} as const;

/** Both shards after a merge was undone. */
export const unmergeReplySchema = {
  title: "UnmergedShards",
  type: "object",
  required: ["shard", "separated"],
  properties: { shard: shardSchema, separated: shardSchema },
} as const;

/** A conflict. */
export const conflictSchema = {
  title: "Conflict",
  type: "object",
  required: ["conflictId", "shardId", "kind", "status", "detectedAt", "fields"],
  properties: {
    conflictId: text,
    shardId: text,
    shardTypeId: text,
    integrationId: text,
    entityType: text,
    externalId: text,
    kind: { enum: ["field_mismatch", "concurrent_update", "deleted_on_source", "deleted_on_destination"] },
    status: { enum: ["open", "resolved", "superseded"] },
    detectedAt: time,
    fields: { type: "object", description: "By field: `base`, `local` (Castiel), `remote` (the provider)." },
    settled: { type: "object" },
  },
} as const;

/** One page of conflicts. */
export const conflictPageSchema = {
  title: "ConflictPage",
  type: "object",
  required: ["conflicts"],
  properties: { conflicts: { type: "array", items: conflictSchema }, nextCursor: text },
} as const;

const side = { enum: ["local", "remote"] } as const;

/** Body of `POST /conflicts/{conflictId}/resolve`. */
export const resolveBodySchema = {
  title: "ResolveConflict",
  type: "object",
  additionalProperties: false,
  anyOf: [{ required: ["take"] }, { required: ["fields"] }],
  properties: {
    take: { ...side, description: "The side that stands, for all fields that are not named." },
    fields: {
      type: "object",
      minProperties: 1,
      maxProperties: 200,
      additionalProperties: {
        anyOf: [side, { type: "object", required: ["value"], additionalProperties: false, properties: { value: {} } }],
      },
    },
  },
} as const;
