import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../core/json";
import type { Condition, DerivedRule, FieldRule, Mapping } from "../core/mapping";
import type { FieldIssue } from "../core/shard";
import { convertTo } from "./convert-type";
import { isEmpty, readPath, stepsOf } from "./field-path";
import { mappingFunctions, notConvertible } from "./mapping-functions";

/** The fields of one shard, and what its record lacks. */
export interface MappedFields {
  readonly fields: JsonObject;
  readonly issues: readonly FieldIssue[];
}

/** A derived shard whose conditions hold. */
export interface MappedDerived extends MappedFields {
  readonly rule: DerivedRule;
}

/** The fields of the primary shard. Without a mapping they are the record's own, as they are. */
export function mapRecord(record: JsonObject, mapping: Mapping | undefined): MappedFields {
  if (mapping === undefined) return { fields: record, issues: [] };
  const mapped = mapFields(record, mapping.fields);
  return mapping.unmapped === "keep"
    ? { ...mapped, fields: { ...unmappedFields(record, mapping.fields), ...mapped.fields } }
    : mapped;
}

/** The derived shards of a record: those whose conditions hold, and whose parent is there too. */
export function deriveRecords(record: JsonObject, rules: readonly DerivedRule[] = []): readonly MappedDerived[] {
  const holds = (rule: DerivedRule): boolean => {
    const parent = rules.find(({ name }) => name === rule.parent);
    return (rule.when ?? []).every((condition) => isMet(record, condition)) && (parent === undefined || holds(parent));
  };
  return rules.filter(holds).map((rule) => ({ rule, ...mapFields(record, rule.fields) }));
}

function mapFields(record: JsonObject, rules: Readonly<Record<string, FieldRule>>): MappedFields {
  const fields: [string, unknown][] = [];
  const issues: FieldIssue[] = [];
  for (const [field, rule] of Object.entries(rules)) {
    const converted = convert(readValue(record, rule), rule);
    if (converted === notConvertible) issues.push({ field, code: "not_convertible" });
    const stated = converted === notConvertible ? undefined : converted;
    const value = stated ?? (rule.default === undefined ? stated : rule.default);
    if (value !== undefined) fields.push([field, value]);
    if (rule.required === true && isEmpty(value)) issues.push({ field, code: "required" });
  }
  return { fields: Object.fromEntries(fields), issues };
}

/** The first path with a value; null where the record has the field, but nothing in it. */
function readValue(record: JsonObject, rule: FieldRule): unknown {
  if (rule.from === undefined) return rule.value;
  const values = pathsOf(rule).map((path) => readPath(record, path));
  return values.find((value) => !isEmpty(value)) ?? values.find((value) => value !== undefined);
}

function convert(read: unknown, { functions = [], type }: FieldRule): unknown {
  let value = read;
  for (const call of functions) {
    if (value === undefined || value === null || value === notConvertible) return value;
    value = mappingFunctions.get(call.name)?.apply(value, call) ?? null;
  }
  if (type === undefined || value === undefined || value === null || value === notConvertible) return value;
  return convertTo(type, value);
}

function unmappedFields(record: JsonObject, rules: Readonly<Record<string, FieldRule>>): JsonObject {
  const read = new Set(
    Object.values(rules)
      .flatMap(pathsOf)
      .map((path) => stepsOf(path)[0]),
  );
  return Object.fromEntries(Object.entries(record).filter(([name]) => !read.has(name)));
}

function pathsOf({ from = [] }: FieldRule): readonly string[] {
  return typeof from === "string" ? [from] : from;
}

function isMet(record: JsonObject, condition: Condition): boolean {
  const value = readPath(record, condition.path);
  if ("is" in condition) return isEmpty(value) === (condition.is === "absent");
  const wanted = "in" in condition ? condition.in : [condition.equals];
  return wanted.some((scalar) => isDeepStrictEqual(scalar, value ?? null));
}
