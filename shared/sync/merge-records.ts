import type { JsonObject } from "../core/json";
import type { MergeStrategy } from "../core/mapping";
import type { MergedRecord } from "../core/shard";
import { isEmpty } from "./field-path";

/** One record among those that a shard shows together. */
export interface Contribution {
  readonly data: JsonObject;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
  readonly deleted: boolean;
}

/**
 * The fields of a shard that shows several records of the same thing. A function of the records' present states, so that
 * the order in which they came does not matter. Records that are deleted at their provider count only if all are.
 * `merge_fields`: of every field the value of the record that changed last, where it has one. `keep_first`: the first
 * record alone. `keep_most_complete`: the record with most fields filled, the first among equals.
 */
export function combine(own: Contribution, merged: readonly MergedRecord[], strategy: MergeStrategy): JsonObject {
  const alive = [own, ...merged].filter(({ deleted }) => !deleted);
  const [first = own] = alive;
  if (alive.length <= 1 || strategy === "keep_first") return first.data;
  if (strategy === "keep_most_complete") return alive.reduce(moreComplete).data;
  const byAge = alive.toSorted((a, b) => a.changedAt - b.changedAt);
  // By entries, not by assignment: a field named `__proto__` is a field like any other.
  return Object.fromEntries(byAge.flatMap(({ data }, index) => Object.entries(index === 0 ? data : filled(data))));
}

function moreComplete(a: Contribution, b: Contribution): Contribution {
  return count(b.data) > count(a.data) ? b : a;
}

function count(data: JsonObject): number {
  return Object.keys(filled(data)).length;
}

function filled(data: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => !isEmpty(value)));
}
