import type { Problem } from "../core/errors";
import { type DerivedRule, type FieldRule, fieldTypes, type FunctionCall, type Mapping } from "../core/mapping";
import type { CustomRule } from "./conflict-rules";
import { mappingFunctions } from "./mapping-functions";
import { isWritable } from "./reverse-transform";

/**
 * What is wrong with a mapping beyond its shape, each with the JSON pointer to it: unknown functions and types, arguments
 * that a function does not take, derived shards that hang on nothing or on each other, rules about fields that are not
 * there, custom conflict rules that nobody registered.
 */
export function checkMapping(mapping: Mapping, customRules: ReadonlyMap<string, CustomRule>): readonly Problem[] {
  return [
    ...checkFields("/fields", mapping.fields),
    ...checkDerived(mapping.derived ?? []),
    ...checkDeduplication(mapping),
    ...checkConflicts(mapping, customRules),
    ...checkDirection(mapping),
  ];
}

function checkFields(pointer: string, fields: Readonly<Record<string, FieldRule>>): readonly Problem[] {
  return Object.entries(fields).flatMap(([field, rule]) => checkField(`${pointer}/${escaped(field)}`, rule));
}

function checkField(pointer: string, rule: FieldRule): readonly Problem[] {
  const problems: Problem[] = (rule.functions ?? []).flatMap((call, index) =>
    checkCall(`${pointer}/functions/${index}`, call),
  );
  if (rule.type !== undefined && !fieldTypes.includes(rule.type))
    problems.push({ path: `${pointer}/type`, message: `must be one of ${fieldTypes.join(", ")}` });
  if (rule.from !== undefined && rule.value !== undefined)
    problems.push({ path: `${pointer}/value`, message: "cannot stand beside a path" });
  if (rule.from === undefined && rule.value === undefined && rule.default === undefined)
    problems.push({ path: pointer, message: "needs a path, a value or a default" });
  return problems;
}

function checkCall(pointer: string, call: FunctionCall): readonly Problem[] {
  const known = mappingFunctions.get(call.name);
  if (!known)
    return [{ path: `${pointer}/name`, message: `must be one of ${[...mappingFunctions.keys()].join(", ")}` }];
  const given = Object.keys(call).filter((name) => name !== "name");
  const allowed: readonly string[] = [...known.needs, ...known.takes];
  const splitsByNothing = call.name === "split" && call.separator === "";
  return [
    ...(splitsByNothing ? [{ path: `${pointer}/separator`, message: "must not be empty" }] : []),
    ...known.needs
      .filter((name) => call[name] === undefined)
      .map((name) => ({ path: `${pointer}/${name}`, message: `is required by ${call.name}` })),
    ...given
      .filter((name) => !allowed.includes(name))
      .map((name) => ({ path: `${pointer}/${name}`, message: `is nothing that ${call.name} takes` })),
  ];
}

function checkDerived(rules: readonly DerivedRule[]): readonly Problem[] {
  return rules.flatMap((rule, index) => {
    const pointer = `/derived/${index}`;
    const problems = [...checkFields(`${pointer}/fields`, rule.fields)];
    if (rules.findIndex(({ name }) => name === rule.name) < index)
      problems.push({ path: `${pointer}/name`, message: "is the name of another derived shard already" });
    if (rule.parent !== undefined && !rules.some(({ name }) => name === rule.parent))
      problems.push({ path: `${pointer}/parent`, message: "is not the name of a derived shard" });
    if (isInCircle(rule, rules))
      problems.push({ path: `${pointer}/parent`, message: "leads back to the shard itself" });
    return problems;
  });
}

function isInCircle(rule: DerivedRule, rules: readonly DerivedRule[]): boolean {
  const seen = new Set<string>();
  let name = rule.parent;
  while (name !== undefined && !seen.has(name)) {
    if (name === rule.name) return true;
    seen.add(name);
    name = rules.find((other) => other.name === name)?.parent;
  }
  return false;
}

function checkDeduplication({ deduplicate, fields, unmapped }: Mapping): readonly Problem[] {
  return (deduplicate?.rules ?? []).flatMap((rule, index) => {
    const pointer = `/deduplicate/rules/${index}`;
    const within = rule.match === "exact" ? undefined : rule.within;
    const problems = unmapped === "keep" ? [] : [...unknownFields(`${pointer}/fields`, rule.fields, fields)];
    if (unmapped !== "keep") problems.push(...unknownFields(`${pointer}/within`, within ?? [], fields));
    if (rule.match === "phonetic" && rule.fields.length < 2 && (within ?? []).length === 0)
      problems.push({
        path: pointer,
        message: "must compare two fields, or one within others: a sound alone is no proof",
      });
    return problems;
  });
}

function unknownFields(pointer: string, names: readonly string[], fields: Mapping["fields"]): readonly Problem[] {
  return names.flatMap((name, index) =>
    Object.hasOwn(fields, name) ? [] : [{ path: `${pointer}/${index}`, message: "is not a field of this mapping" }],
  );
}

function checkConflicts({ conflicts }: Mapping, customRules: ReadonlyMap<string, CustomRule>): readonly Problem[] {
  if (conflicts === undefined) return [];
  const { strategy, custom, fields } = conflicts;
  const problems: Problem[] = [];
  if (strategy === "custom" && (custom === undefined || !customRules.has(custom)))
    problems.push({ path: "/conflicts/custom", message: `must be one of ${[...customRules.keys()].join(", ")}` });
  if (strategy !== "custom" && custom !== undefined)
    problems.push({ path: "/conflicts/custom", message: "belongs to the strategy custom" });
  if (strategy !== "merge" && fields !== undefined)
    problems.push({ path: "/conflicts/fields", message: "belongs to the strategy merge" });
  return problems;
}

/** A mapping that promises to write back must be able to. */
function checkDirection({ direction, fields, unmapped }: Mapping): readonly Problem[] {
  const canWrite = unmapped === "keep" || Object.values(fields).some(isWritable);
  if (direction === "inbound" || canWrite) return [];
  return [{ path: "/direction", message: "cannot be bidirectional: no field has a way back to the provider" }];
}

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
