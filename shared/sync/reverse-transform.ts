import type { JsonObject } from "../core/json";
import type { FieldRule, Mapping } from "../core/mapping";
import { isWritablePath, withPath } from "./field-path";
import { isReversible, mappingFunctions, notConvertible } from "./mapping-functions";

/** Changes of a shard in the provider's terms. */
export interface ReversedChanges {
  /** Nested as in the provider's record. */
  readonly fields: JsonObject;
  /** The shard fields that `fields` holds; the others have no way back and stay in Castiel. */
  readonly written: JsonObject;
}

/** Turns shard fields back into the provider's, as far as the mapping can be read backwards. */
export function toProviderFields(changes: JsonObject, mapping: Mapping): ReversedChanges {
  let fields: JsonObject = {};
  const written: [string, unknown][] = [];
  for (const [field, value] of Object.entries(changes)) {
    const rule = Object.hasOwn(mapping.fields, field) ? mapping.fields[field] : keptField(field, mapping);
    const path = rule && writablePath(rule);
    const reversed = rule === undefined ? notConvertible : reverse(value, rule);
    if (path === undefined || reversed === notConvertible) continue;
    fields = withPath(fields, path, reversed);
    written.push([field, value]);
  }
  return { fields, written: Object.fromEntries(written) };
}

/** True if a shard field has a way back: one path that leads through no list, and only functions that can be undone. */
export function isWritable(rule: FieldRule): boolean {
  return (rule.functions ?? []).every(isReversible) && writablePath(rule) !== undefined;
}

function keptField(field: string, mapping: Mapping): FieldRule | undefined {
  return mapping.unmapped === "keep" ? { from: `/${field.replaceAll("~", "~0").replaceAll("/", "~1")}` } : undefined;
}

function writablePath({ from }: FieldRule): string | undefined {
  const [path, ...others] = typeof from === "string" ? [from] : (from ?? []);
  return path !== undefined && others.length === 0 && isWritablePath(path) ? path : undefined;
}

function reverse(value: unknown, { functions = [] }: FieldRule): unknown {
  let reversed = value;
  for (const call of functions.toReversed()) {
    if (reversed === null || reversed === undefined || reversed === notConvertible) break;
    const undo = isReversible(call) ? mappingFunctions.get(call.name)?.reverse : undefined;
    reversed = undo === undefined ? notConvertible : undo(reversed, call);
  }
  return reversed ?? null;
}
