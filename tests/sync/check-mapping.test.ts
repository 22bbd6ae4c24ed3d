import type { Mapping } from "../../shared/core/mapping";
import { compileBody } from "../../shared/http/validate";
import { mappingSchema } from "../../shared/http/mapping-schemas";
import { builtInMapping, builtInMappings } from "../../shared/sync/built-in-mappings";
import { checkMapping } from "../../shared/sync/check-mapping";
import { builtInCustomRules } from "../../shared/sync/conflict-rules";
import { WebhookError } from "../../shared/core/errors";

const check = compileBody<Mapping>(mappingSchema);
const sound = {
  shardTypeId: "contact",
  direction: "inbound",
  fields: { name: { from: "Name" }, email: { from: "Email" } },
} as const;
const derived = { name: "a", shardTypeId: "a", relationship: "has", fields: {} };

/** Where the problems of a mapping are, whichever check finds them. */
function problemsOf(mapping: object): string[] {
  try {
    return checkMapping(check(mapping), builtInCustomRules).map(({ path, message }) => `${path} ${message}`);
  } catch (error) {
    if (!(error instanceof WebhookError)) throw error;
    return error.problems.map(({ path, message }) => `${path} ${message}`);
  }
}

describe("a mapping", () => {
  it("with nothing wrong has no problems", () => {
    expect(problemsOf(sound)).toEqual([]);
  });

  it.each<[string, object, string]>([
    ["no direction", { direction: undefined }, "/direction is required"],
    ["an unknown field", { colour: "red" }, "/colour is not a known field"],
    [
      "an unknown function",
      { fields: { a: { from: "A", functions: [{ name: "rot13" }] } } },
      "/fields/a/functions/0/name must be one of",
    ],
    [
      "a function without what it needs",
      { fields: { a: { from: "A", functions: [{ name: "lower" }, { name: "split" }] } } },
      "/fields/a/functions/1/separator is required by split",
    ],
    [
      "a function with what it does not take",
      { fields: { a: { from: "A", functions: [{ name: "lower", index: 1 }] } } },
      "/fields/a/functions/0/index is nothing that lower takes",
    ],
    [
      "a split by nothing",
      { fields: { a: { from: "A", functions: [{ name: "split", separator: "" }] } } },
      "/fields/a/functions/0/separator must not be empty",
    ],
    ["an unknown type", { fields: { "a/b": { from: "A", type: "money" } } }, "/fields/a~1b/type must be one of text"],
    ["a field from nowhere", { fields: { a: { type: "text" } } }, "/fields/a needs a path, a value or a default"],
    [
      "a field from two places",
      { fields: { a: { from: "A", value: 1 } } },
      "/fields/a/value cannot stand beside a path",
    ],
    ["two derived shards of one name", { derived: [derived, derived] }, "/derived/1/name is the name of another"],
    [
      "a derived shard that hangs on nothing",
      { derived: [{ ...derived, parent: "b" }] },
      "/derived/0/parent is not the name",
    ],
    [
      "a derived shard that hangs on itself",
      { derived: [{ ...derived, parent: "a" }] },
      "/derived/0/parent leads back",
    ],
    [
      "an unknown function of a derived field",
      { derived: [{ ...derived, fields: { x: { from: "X", functions: [{ name: "eval" }] } } }] },
      "/derived/0/fields/x/functions/0/name must be",
    ],
    ["a condition without a test", { derived: [{ ...derived, when: [{ path: "A" }] }] }, "/derived/0/when/0"],
    [
      "deduplication by a field that is not there",
      { deduplicate: { merge: "keep_first", rules: [{ match: "exact", fields: ["phone"] }] } },
      "/deduplicate/rules/0/fields/0 is not a field",
    ],
    [
      "a fuzzy rule within a field that is not there",
      {
        deduplicate: {
          merge: "keep_first",
          rules: [{ match: "fuzzy", fields: ["name"], measure: "jaro_winkler", threshold: 0.9, within: ["city"] }],
        },
      },
      "/deduplicate/rules/0/within/0 is not a field",
    ],
    [
      "a fuzzy rule without a threshold",
      { deduplicate: { merge: "keep_first", rules: [{ match: "fuzzy", fields: ["name"], measure: "jaro_winkler" }] } },
      "/deduplicate/rules/0",
    ],
    [
      "an exact rule with a threshold",
      { deduplicate: { merge: "keep_first", rules: [{ match: "exact", fields: ["name"], threshold: 1 }] } },
      "/deduplicate/rules/0",
    ],
    [
      "an unknown measure",
      {
        deduplicate: {
          merge: "keep_first",
          rules: [{ match: "fuzzy", fields: ["name"], measure: "cosine", threshold: 0.9 }],
        },
      },
      "/deduplicate/rules/0/measure must be one of jaro_winkler",
    ],
    [
      "a sound alone",
      { deduplicate: { merge: "keep_first", rules: [{ match: "phonetic", fields: ["name"], algorithm: "soundex" }] } },
      "/deduplicate/rules/0 must compare two fields",
    ],
    ["an unknown strategy", { conflicts: { strategy: "coin" } }, "/conflicts/strategy must be one of"],
    [
      "a custom rule that nobody registered",
      { conflicts: { strategy: "custom", custom: "mine" } },
      "/conflicts/custom must be one of longest, union",
    ],
    ["a custom strategy without a rule", { conflicts: { strategy: "custom" } }, "/conflicts/custom must be one of"],
    [
      "a custom rule with another strategy",
      { conflicts: { strategy: "manual", custom: "union" } },
      "/conflicts/custom belongs to",
    ],
    [
      "rules by field with another strategy",
      { conflicts: { strategy: "manual", fields: { name: "local" } } },
      "/conflicts/fields belongs to",
    ],
    [
      "an unknown rule for a field",
      { conflicts: { strategy: "merge", fields: { name: "mine" } } },
      "/conflicts/fields/name must be one of",
    ],
    [
      "two directions and no way back",
      { direction: "bidirectional", fields: { a: { value: 1 } } },
      "/direction cannot be bidirectional",
    ],
  ])("with %s is refused, with the pointer to it", (_, change, problem) => {
    expect(problemsOf({ ...sound, ...change }).filter((text) => text.startsWith(problem))).not.toEqual([]);
  });

  it("with a circle of derived shards is refused at each of them, but not at what hangs on the circle", () => {
    const rules = [
      { ...derived, name: "a", parent: "b" },
      { ...derived, name: "b", parent: "c" },
      { ...derived, name: "c", parent: "a" },
      { ...derived, name: "d", parent: "a" },
    ];
    const problems = problemsOf({ ...sound, derived: rules });
    expect(problems).toEqual([0, 1, 2].map((index) => `/derived/${index}/parent leads back to the shard itself`));
  });

  it("may deduplicate by any field if it keeps what it does not map", () => {
    const rules = [{ match: "exact", fields: ["Phone"] }];
    expect(problemsOf({ ...sound, unmapped: "keep", deduplicate: { merge: "keep_first", rules } })).toEqual([]);
  });
});

describe("the mappings that come with the product", () => {
  const all = Object.entries(builtInMappings).flatMap(([integrationId, mappings]) =>
    Object.entries(mappings).map(([entityType, mapping]) => ({ integrationId, entityType, mapping })),
  );

  it.each(all)("$integrationId $entityType is sound, inbound and costs no look-up for duplicates", ({ mapping }) => {
    expect(problemsOf(mapping)).toEqual([]);
    expect(mapping).toMatchObject({ direction: "inbound" });
    expect(mapping.deduplicate).toBeUndefined();
  });

  it.each([
    ["salesforce", ["contact", "account", "lead"]],
    ["notion", ["page"]],
    ["slack", ["message", "user", "channel"]],
    ["github", ["issue", "pull_request", "repository", "branch"]],
    ["google", ["mailbox", "file"]],
  ])("cover the main entities of %s", (integrationId, entityTypes) => {
    expect(Object.keys(builtInMappings[integrationId] ?? {})).toEqual(expect.arrayContaining(entityTypes));
  });

  it("are found whatever the case of the entity type, and not for anything else", () => {
    expect(builtInMapping("salesforce", "Contact")?.shardTypeId).toBe("contact");
    expect(builtInMapping("salesforce", "Invoice__c")).toBeUndefined();
    expect(builtInMapping("myspace", "contact")).toBeUndefined();
    expect(builtInMapping("constructor", "name")).toBeUndefined();
    expect(builtInMapping("salesforce", "toString")).toBeUndefined();
  });
});
