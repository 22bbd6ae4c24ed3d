import { conflictStrategies, mergeRules } from "../core/conflict";
import { mergeStrategies } from "../core/mapping";
import { integrationIdParameter } from "./schemas";

/** JSON schemas of mappings. What a shape cannot say (known functions, no circles) is checked behind them. */

const name = { type: "string", minLength: 1, maxLength: 200, pattern: "^[^\\u0000-\\u001f]+$" } as const;
const path = { type: "string", minLength: 1, maxLength: 500 } as const;
const scalar = {
  anyOf: [{ type: "string" }, { type: "number" }, { type: "boolean" }, { type: "null" }],
} as const;
const names = { type: "array", minItems: 1, maxItems: 10, uniqueItems: true, items: name } as const;

const functionCall = {
  type: "object",
  required: ["name"],
  additionalProperties: false,
  properties: {
    name,
    separator: { type: "string", maxLength: 20 },
    index: { type: "integer", minimum: -1000, maximum: 1000 },
    unit: { enum: ["seconds", "milliseconds"] },
    path,
    table: { type: "object", maxProperties: 1000, additionalProperties: scalar },
    otherwise: scalar,
  },
} as const;

const fieldRule = {
  type: "object",
  additionalProperties: false,
  properties: {
    from: {
      description: "A path of names joined with dots, or a JSON pointer; of several the first with a value.",
      anyOf: [path, { type: "array", minItems: 1, maxItems: 20, items: path }],
    },
    value: { description: "A constant." },
    functions: { type: "array", maxItems: 20, items: functionCall },
    type: { type: "string", description: "text, number, integer, boolean, date, datetime, list or object." },
    default: { description: "For a record without the field." },
    required: { type: "boolean" },
  },
} as const;

const fields = {
  type: "object",
  maxProperties: 500,
  propertyNames: name,
  additionalProperties: fieldRule,
} as const;

const condition = {
  type: "object",
  required: ["path"],
  additionalProperties: false,
  properties: {
    path,
    is: { enum: ["present", "absent"] },
    equals: scalar,
    in: { type: "array", minItems: 1, maxItems: 100, items: scalar },
  },
  oneOf: [{ required: ["is"] }, { required: ["equals"] }, { required: ["in"] }],
} as const;

const derivedRule = {
  type: "object",
  required: ["name", "shardTypeId", "relationship", "fields"],
  additionalProperties: false,
  properties: {
    name,
    shardTypeId: name,
    relationship: name,
    inverse: name,
    parent: name,
    when: { type: "array", maxItems: 20, items: condition },
    fields,
  },
} as const;

const matchRule = {
  type: "object",
  required: ["match", "fields"],
  additionalProperties: false,
  properties: {
    match: { enum: ["exact", "fuzzy", "phonetic"] },
    fields: names,
    measure: { enum: ["jaro_winkler"] },
    threshold: { type: "number", exclusiveMinimum: 0, maximum: 1 },
    algorithm: { enum: ["soundex"] },
    within: names,
  },
  // Exactly one kind of rule, with what that kind needs and nothing else.
  oneOf: [
    {
      properties: { match: { const: "exact" }, measure: false, threshold: false, algorithm: false, within: false },
    },
    { properties: { match: { const: "fuzzy" }, algorithm: false }, required: ["measure", "threshold"] },
    { properties: { match: { const: "phonetic" }, measure: false, threshold: false }, required: ["algorithm"] },
  ],
} as const;

const conflicts = {
  type: "object",
  required: ["strategy"],
  additionalProperties: false,
  properties: {
    strategy: { enum: conflictStrategies },
    fields: { type: "object", maxProperties: 500, additionalProperties: { enum: mergeRules } },
    custom: name,
  },
} as const;

/** Body of `PUT /mappings/{integrationId}/{entityType}`. */
export const mappingSchema = {
  title: "Mapping",
  type: "object",
  required: ["shardTypeId", "direction", "fields"],
  additionalProperties: false,
  properties: {
    shardTypeId: name,
    direction: { enum: ["inbound", "bidirectional"] },
    unmapped: { enum: ["keep", "drop"] },
    fields,
    derived: { type: "array", maxItems: 20, items: derivedRule },
    deduplicate: {
      type: "object",
      required: ["rules", "merge"],
      additionalProperties: false,
      properties: {
        rules: { type: "array", minItems: 1, maxItems: 10, items: matchRule },
        merge: { enum: mergeStrategies },
      },
    },
    conflicts,
  },
} as const;

/** A mapping with what it is for. */
export const mappingViewSchema = {
  title: "MappingOfEntityType",
  type: "object",
  required: ["integrationId", "entityType", "origin", "mapping"],
  properties: {
    integrationId: { type: "string" },
    entityType: { type: "string" },
    origin: { enum: ["tenant", "built_in"] },
    mapping: mappingSchema,
    updatedAt: { type: "string", format: "date-time" },
    updatedBy: { type: "string" },
  },
} as const;

/** One page of mappings. */
export const mappingPageSchema = {
  title: "MappingPage",
  type: "object",
  required: ["mappings", "builtIn"],
  properties: {
    mappings: { type: "array", items: mappingViewSchema },
    builtIn: { type: "array", items: { type: "object" } },
    nextCursor: { type: "string" },
  },
} as const;

/** Path parameter: an entity type. */
export const entityTypeParameter = { type: "string", minLength: 1, maxLength: 200, pattern: "^[\\w.-]+$" } as const;

/** Body of `POST /mappings/preview`. */
export const previewBodySchema = {
  title: "PreviewMapping",
  type: "object",
  required: ["integrationId", "entityType", "record"],
  additionalProperties: false,
  properties: {
    integrationId: integrationIdParameter,
    entityType: entityTypeParameter,
    record: { type: "object", description: "A sample record, as the provider sends it." },
    mapping: mappingSchema,
  },
} as const;

const previewedShard = {
  type: "object",
  required: ["shardTypeId", "structuredData", "issues"],
  properties: {
    name: { type: "string" },
    relationship: { type: "string" },
    shardTypeId: { type: "string" },
    structuredData: { type: "object" },
    issues: { type: "array", items: { type: "object" } },
  },
} as const;

/** What a sample record would become. */
export const previewReplySchema = {
  title: "MappingPreview",
  type: "object",
  required: ["primary", "derived", "comparable", "writable"],
  properties: {
    primary: previewedShard,
    derived: { type: "array", items: previewedShard },
    comparable: { type: "array", items: { type: "boolean" } },
    writable: { type: "array", items: { type: "string" } },
  },
} as const;
