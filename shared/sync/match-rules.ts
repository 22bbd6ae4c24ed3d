import type { JsonObject } from "../core/json";
import type { MatchRule } from "../core/mapping";
import { jaroWinkler, normalise, soundex } from "./similarity";
import { fieldOf } from "./three-way";

/**
 * The key under which shards are found that may be the same by a rule; `undefined` where the shard has nothing to compare.
 * The rule is part of the key, so that the same rule in the mappings of two providers finds shards of both.
 */
export function keyOf(rule: MatchRule, shardTypeId: string, data: JsonObject): string | undefined {
  const parts = [...partsOf(rule, data), ...withinOf(rule).map((field) => normalise(fieldOf(data, field)))];
  return parts.includes("") ? undefined : JSON.stringify([shardTypeId, rule, parts]);
}

/** True if two shards with the same key are the same by the rule. */
export function isMatch(rule: MatchRule, a: JsonObject, b: JsonObject): boolean {
  if (rule.match !== "fuzzy") return true;
  return rule.fields.every((field) => {
    const [left, right] = [normalise(fieldOf(a, field)), normalise(fieldOf(b, field))];
    return left !== "" && right !== "" && jaroWinkler(left, right) >= rule.threshold;
  });
}

function partsOf(rule: MatchRule, data: JsonObject): readonly string[] {
  switch (rule.match) {
    case "exact":
      return rule.fields.map((field) => normalise(fieldOf(data, field)));
    case "phonetic":
      return rule.fields.map((field) => soundex(normalise(fieldOf(data, field))));
    case "fuzzy":
      return rule.within === undefined ? [soundexOfStart(fieldOf(data, rule.fields[0] ?? ""))] : [];
  }
}

function withinOf(rule: MatchRule): readonly string[] {
  return rule.match === "exact" ? [] : (rule.within ?? []);
}

/** Of the first word alone: the others are what is compared. */
function soundexOfStart(value: unknown): string {
  return soundex(normalise(value).split(" ")[0] ?? "");
}
