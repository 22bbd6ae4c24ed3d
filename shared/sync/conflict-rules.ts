import type { FieldConflict } from "../core/conflict";
import type { ConflictRules } from "../core/mapping";
import { isEmpty } from "./field-path";

/** A field on which both sides differ, or (without `field`) a record that one side deleted and the other changed. */
export interface Dispute extends FieldConflict {
  readonly field?: string;
  /** Milliseconds since 1970. */
  readonly localAt: number;
  readonly remoteAt: number;
}

/** How a dispute ends: one side stands, a value made of both does, or a person has to say. */
export type Decision =
  { readonly take: "local" | "remote" | "person" } | { readonly take: "value"; readonly value: unknown };

/** A rule of the strategy `custom`. It must depend on nothing but the dispute, because tasks are repeated. */
export type CustomRule = (dispute: Dispute) => Exclude<Decision, { readonly take: "person" }>;

/** The strategies of a mapping, with the custom rules that are registered. */
export interface Arbiter {
  readonly rules: ConflictRules;
  readonly customRules: ReadonlyMap<string, CustomRule>;
}

/** Where a mapping says nothing, and for entities without one. */
export const defaultConflictRules: ConflictRules = { strategy: "newest_wins" };

/** The rules that come with the product; `createSyncTaskService` takes others. */
export const builtInCustomRules: ReadonlyMap<string, CustomRule> = new Map<string, CustomRule>([
  ["longest", ({ local, remote }) => ({ take: lengthOf(local) > lengthOf(remote) ? "local" : "remote" })],
  ["union", (dispute) => concat(dispute) ?? newest(dispute)],
]);

/** Decides a dispute by the mapping's strategy. For whole records `merge` is `newest`: there is nothing to merge. */
export function decide(dispute: Dispute, { rules, customRules }: Arbiter): Decision {
  switch (rules.strategy) {
    case "source_wins":
      return { take: "remote" };
    case "destination_wins":
      return { take: "local" };
    case "newest_wins":
      return newest(dispute);
    case "merge":
      return mergeField(dispute, rules);
    case "manual":
      return { take: "person" };
    case "custom":
      // A rule that this version does not have any more must not lose anybody's change: a person decides.
      return customRules.get(rules.custom ?? "")?.(dispute) ?? { take: "person" };
  }
}

/** Where both changed at the same time the provider stands: it is where the record lives. */
function newest({ localAt, remoteAt }: Dispute): { readonly take: "local" | "remote" } {
  return { take: localAt > remoteAt ? "local" : "remote" };
}

function mergeField(dispute: Dispute, { fields = {} }: ConflictRules): Decision {
  const { field } = dispute;
  const rule = field !== undefined && Object.hasOwn(fields, field) ? fields[field] : "newest";
  if (rule === "local" || rule === "remote") return { take: rule };
  return (rule === "concat" && field !== undefined ? concat(dispute) : undefined) ?? newest(dispute);
}

/** Texts one below the other, Castiel's first; lists as a union. `undefined` for what cannot be put together. */
function concat({ local, remote }: Dispute): Decision | undefined {
  if (isEmpty(local)) return { take: "remote" };
  if (isEmpty(remote)) return { take: "local" };
  if (typeof local === "string" && typeof remote === "string") return { take: "value", value: `${local}\n${remote}` };
  if (!Array.isArray(local) || !Array.isArray(remote)) return undefined;
  const known = new Set(local.map((item) => JSON.stringify(item)));
  const added = remote.filter((item) => !known.has(JSON.stringify(item)));
  return { take: "value", value: [...(local as readonly unknown[]), ...(added as readonly unknown[])] };
}

function lengthOf(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return isEmpty(value) ? 0 : 1;
}
