import type { FieldRule, Mapping } from "../core/mapping";
import { stepsOf } from "./field-path";
import { type CustomRule, defaultConflictRules } from "./conflict-rules";
import type { Lens } from "./next-shard";
import { mapRecord } from "./transform";

type CustomRules = ReadonlyMap<string, CustomRule>;

/** How a mapping makes the primary shard; without a mapping the record's fields are the shard's, as they are. */
export function primaryLens(mapping: Mapping | undefined, entityType: string, customRules: CustomRules): Lens {
  return {
    shardTypeId: mapping?.shardTypeId ?? entityType.toLowerCase(),
    fieldsOf: (source) => mapRecord(source, mapping),
    sourceNamesOf: (field) => sourceNames(mapping?.fields, field),
    merge: mapping?.deduplicate?.merge ?? "merge_fields",
    arbiter: { rules: mapping?.conflicts ?? defaultConflictRules, customRules },
  };
}

/**
 * The same for a derived shard, whose source is what its rule made of the record already. Where the rule is gone, the
 * shard is too, and `shardTypeId` is the one it had.
 */
export function derivedLens(mapping: Mapping | undefined, shardTypeId: string, customRules: CustomRules): Lens {
  return { ...primaryLens(undefined, shardTypeId, customRules), ...arbitration(mapping, customRules), shardTypeId };
}

/** The lens of a shard as it is stored, whichever kind it is. */
export function lensFor(
  shard: { readonly entityType: string; readonly shardTypeId: string; readonly derivedFrom?: object },
  mapping: Mapping | undefined,
  customRules: CustomRules,
): Lens {
  return shard.derivedFrom === undefined
    ? primaryLens(mapping, shard.entityType, customRules)
    : derivedLens(mapping, shard.shardTypeId, customRules);
}

function arbitration(mapping: Mapping | undefined, customRules: CustomRules): Pick<Lens, "arbiter"> {
  return { arbiter: { rules: mapping?.conflicts ?? defaultConflictRules, customRules } };
}

function sourceNames(rules: Readonly<Record<string, FieldRule>> | undefined, field: string): readonly string[] {
  const rule = rules !== undefined && Object.hasOwn(rules, field) ? rules[field] : undefined;
  if (rule === undefined) return [field];
  const paths = typeof rule.from === "string" ? [rule.from] : (rule.from ?? []);
  return paths.map((path) => stepsOf(path)[0] ?? "");
}
