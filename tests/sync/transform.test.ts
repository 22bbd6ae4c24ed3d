import type { Condition, FieldRule, Mapping } from "../../shared/core/mapping";
import { withPath } from "../../shared/sync/field-path";
import { isWritable, toProviderFields } from "../../shared/sync/reverse-transform";
import { deriveRecords, mapRecord } from "../../shared/sync/transform";

const record = {
  Id: "003",
  Name: "  Ada Lovelace ",
  Email: null,
  WorkEmail: "Ada@Example.COM",
  Tags: "math; engines ;; poetry",
  Stage: "Closed Won",
  Amount: "1200.50",
  Visits: 7,
  Active: "TRUE",
  Born: "1815-12-10T23:00:00-05:00",
  Since: 1_700_000_000,
  Labels: [{ name: "bug" }, { name: "urgent" }, {}],
  Address: { City: "London", "Post.Code": "W1" },
  Empty: "",
};

function mapField(rule: FieldRule): unknown {
  const { fields, issues } = mapRecord(record, { shardTypeId: "t", direction: "inbound", fields: { field: rule } });
  return issues.length > 0 ? issues.map(({ code }) => code).join() : fields["field"];
}

describe("a field of a mapping", () => {
  it.each<[string, FieldRule, unknown]>([
    ["a path", { from: "Name" }, "  Ada Lovelace "],
    ["a path of several names", { from: "Address.City" }, "London"],
    ["a JSON pointer, for a name with a dot", { from: "/Address/Post.Code" }, "W1"],
    ["an item of a list", { from: "Labels.1.name" }, "urgent"],
    ["the first path with a value", { from: ["Email", "Empty", "WorkEmail"] }, "Ada@Example.COM"],
    ["null, where the record has the field and nothing in it", { from: ["Missing", "Email"] }, null],
    ["nothing, where the record does not have the field", { from: "Missing" }, undefined],
    ["nothing from what is no own field", { from: "constructor" }, undefined],
    ["a constant", { value: "salesforce" }, "salesforce"],
    ["a default for nothing", { from: "Missing", default: "none" }, "none"],
    ["a default for null", { from: "Email", default: "none" }, "none"],
    ["a default that is false", { from: "Missing", default: false }, false],
    ["trim and lower", { from: "Name", functions: [{ name: "trim" }, { name: "lower" }] }, "ada lovelace"],
    [
      "upper on every item of a list",
      { from: "Tags", functions: [{ name: "split", separator: ";" }, { name: "upper" }] },
      ["MATH", "ENGINES", "POETRY"],
    ],
    ["one part of a text", { from: "Name", functions: [{ name: "split", separator: " ", index: -1 }] }, "Lovelace"],
    [
      "null for a part that is not there",
      { from: "Name", functions: [{ name: "split", separator: " ", index: 9 }] },
      null,
    ],
    [
      "a list joined",
      {
        from: "Labels",
        functions: [
          { name: "each", path: "name" },
          { name: "join", separator: "," },
        ],
      },
      "bug,urgent",
    ],
    ["a lookup", { from: "Stage", functions: [{ name: "lookup", table: { "Closed Won": "won" } }] }, "won"],
    [
      "a lookup's value for all others",
      { from: "Name", functions: [{ name: "lookup", table: {}, otherwise: "open" }] },
      "open",
    ],
    [
      "what a lookup does not know, as it is",
      { from: "Visits", functions: [{ name: "lookup", table: { 8: "x" } }] },
      7,
    ],
    [
      "no inherited word of a lookup",
      { value: "constructor", functions: [{ name: "lookup", table: {} }] },
      "constructor",
    ],
    [
      "a date of seconds",
      { from: "Since", functions: [{ name: "date", unit: "seconds" }] },
      "2023-11-14T22:13:20.000Z",
    ],
    ["a date of text, in UTC", { from: "Born", functions: [{ name: "date" }] }, "1815-12-11T04:00:00.000Z"],
    ["a number", { from: "Amount", type: "number" }, 1200.5],
    ["an integer", { from: "Visits", type: "integer" }, 7],
    ["a text", { from: "Visits", type: "text" }, "7"],
    ["a boolean", { from: "Active", type: "boolean" }, true],
    ["a boolean of 0", { value: 0, type: "boolean" }, false],
    ["the day as it is stated, whatever its time zone", { from: "Born", type: "date" }, "1815-12-10"],
    ["a point in time", { value: 0, type: "datetime" }, "1970-01-01T00:00:00.000Z"],
    ["a point in time of text", { from: "Born", type: "datetime" }, "1815-12-11T04:00:00.000Z"],
    ["a list of one", { from: "Visits", type: "list" }, [7]],
    ["a list as it is", { from: "Labels", type: "list" }, record.Labels],
    ["an object", { from: "Address", type: "object" }, record.Address],
    ["null, never converted", { from: "Email", type: "integer" }, null],
  ])("may be %s", (_, rule, expected) => {
    expect(mapField(rule)).toEqual(expected);
  });

  it.each<[string, FieldRule]>([
    ["a word as a number", { from: "Name", type: "number" }],
    ["an empty text as a number", { from: "Empty", type: "number" }],
    ["infinity", { value: "1e999", type: "number" }],
    ["a fraction as an integer", { from: "Amount", type: "integer" }],
    ["an object as text", { from: "Address", type: "text" }],
    ["a word as a boolean", { value: "perhaps", type: "boolean" }],
    ["a word as a date", { from: "Name", type: "date" }],
    ["a number as a date", { from: "Visits", type: "date" }],
    ["a word as a point in time", { from: "Name", type: "datetime" }],
    ["a time beyond the calendar", { value: 1e300, type: "datetime" }],
    ["a text as an object", { from: "Name", type: "object" }],
    ["a list through split", { from: "Labels", functions: [{ name: "split", separator: "," }] }],
    ["objects through join", { from: "Labels", functions: [{ name: "join", separator: "," }] }],
    ["a text through join", { from: "Name", functions: [{ name: "join", separator: "," }] }],
    ["a text through each", { from: "Name", functions: [{ name: "each", path: "a" }] }],
  ])("says that %s is not convertible, and is left out", (_, rule) => {
    expect(mapField(rule)).toBe("not_convertible");
    expect(mapRecord(record, { shardTypeId: "t", direction: "inbound", fields: { field: rule } }).fields).toEqual({});
  });

  it("takes its default in place of what is not convertible", () => {
    const fields = { count: { from: "Name", type: "integer", default: 0 } } as const;
    expect(mapRecord(record, { shardTypeId: "t", direction: "inbound", fields }).fields).toEqual({ count: 0 });
  });

  it.each(["Missing", "Email", "Empty"])("says that a required %s is required", (from) => {
    expect(mapField({ from, required: true })).toBe("required");
  });
});

describe("a mapping", () => {
  const mapping: Mapping = {
    shardTypeId: "contact",
    direction: "inbound",
    fields: { name: { from: "Name" }, city: { from: "Address.City" }, Visits: { value: 0 } },
  };

  it("drops what no rule reads, unless it is told to keep that", () => {
    expect(Object.keys(mapRecord(record, mapping).fields)).toEqual(["name", "city", "Visits"]);
    const kept = mapRecord(record, { ...mapping, unmapped: "keep" }).fields;
    expect(kept).toMatchObject({ Id: "003", Tags: record.Tags, city: "London", Visits: 0 });
    expect(kept).not.toHaveProperty("Name");
    expect(kept).not.toHaveProperty("Address");
  });

  it("takes a field named __proto__ for a field like any other", () => {
    const strange = JSON.parse('{"__proto__":{"admin":true},"a":1}') as Record<string, unknown>;
    const fields = JSON.parse('{"__proto__":{"from":"a"}}') as Record<string, FieldRule>;
    const mapped = mapRecord(strange, { ...mapping, unmapped: "keep", fields }).fields;
    expect(Object.getPrototypeOf(mapped)).toBe(Object.prototype);
    expect(JSON.stringify(mapped)).toBe('{"__proto__":1}');
    expect("admin" in withPath(strange, "__proto__.deep", 1)).toBe(false);
  });

  it.each<[Condition, boolean]>([
    [{ path: "Name", is: "present" }, true],
    [{ path: "Email", is: "present" }, false],
    [{ path: "Empty", is: "absent" }, true],
    [{ path: "Address.City", equals: "London" }, true],
    [{ path: "Visits", equals: "7" }, false],
    [{ path: "Missing", equals: null }, true],
    [{ path: "Visits", in: [6, 7] }, true],
    [{ path: "Visits", in: [6] }, false],
  ])("derives a shard where %j holds: %s", (condition, holds) => {
    const rule = {
      name: "d",
      shardTypeId: "d",
      relationship: "has",
      when: [condition],
      fields: { name: { from: "Name" } },
    };
    expect(deriveRecords(record, [rule])).toHaveLength(holds ? 1 : 0);
  });

  it("derives a shard only where the one that it hangs on is there too", () => {
    const child = { name: "child", shardTypeId: "c", relationship: "has", parent: "parent", fields: {} };
    const parent = { name: "parent", shardTypeId: "p", relationship: "has", fields: {} };
    expect(deriveRecords(record, [child, parent]).map(({ rule }) => rule.name)).toEqual(["child", "parent"]);
    const when = [{ path: "Missing", is: "present" }] as const;
    expect(deriveRecords(record, [child, { ...parent, when }])).toEqual([]);
  });
});

describe("a mapping read backwards", () => {
  const back = (rule: FieldRule, value: unknown) =>
    toProviderFields({ field: value }, { shardTypeId: "t", direction: "bidirectional", fields: { field: rule } });

  it.each<[string, FieldRule, unknown, unknown]>([
    ["a path", { from: "Name" }, "Eve", { Name: "Eve" }],
    ["a path of several names", { from: "Address.City" }, "Rome", { Address: { City: "Rome" } }],
    ["null", { from: "Name", functions: [{ name: "date", unit: "seconds" }] }, null, { Name: null }],
    [
      "case and spaces as they are",
      { from: "Name", functions: [{ name: "trim" }, { name: "lower" }] },
      "eve",
      { Name: "eve" },
    ],
    ["split by join", { from: "Tags", functions: [{ name: "split", separator: ";" }] }, ["a", "b"], { Tags: "a;b" }],
    ["join by split", { from: "Tags", functions: [{ name: "join", separator: ";" }] }, "a; b", { Tags: ["a", "b"] }],
    [
      "a date to seconds",
      { from: "Since", functions: [{ name: "date", unit: "seconds" }] },
      "2023-11-14T22:13:20.000Z",
      { Since: 1_700_000_000 },
    ],
    [
      "a date to milliseconds",
      { from: "Since", functions: [{ name: "date", unit: "milliseconds" }] },
      "1970-01-01T00:00:01.000Z",
      { Since: 1000 },
    ],
    [
      "a date to text",
      { from: "Since", functions: [{ name: "date" }] },
      "1970-01-01T00:00:01.000Z",
      { Since: "1970-01-01T00:00:01.000Z" },
    ],
    [
      "a lookup by its one key",
      { from: "Stage", functions: [{ name: "lookup", table: { Won: "won", Lost: "lost" } }] },
      "won",
      { Stage: "Won" },
    ],
    [
      "what a lookup let through",
      { from: "Stage", functions: [{ name: "lookup", table: { Won: "won" } }] },
      "new",
      { Stage: "new" },
    ],
  ])("turns %s back", (_, rule, value, expected) => {
    expect(back(rule, value)).toEqual({ fields: expected, written: { field: value } });
    expect(isWritable(rule)).toBe(true);
  });

  it.each<[string, FieldRule, unknown, boolean]>([
    ["a constant", { value: "x" }, "y", false],
    ["one of several paths", { from: ["a", "b"] }, "y", false],
    ["an item of a list", { from: "Labels.0.name" }, "y", false],
    ["a part of a text", { from: "Name", functions: [{ name: "split", separator: " ", index: 0 }] }, "y", false],
    ["what was joined by nothing", { from: "Tags", functions: [{ name: "join", separator: "" }] }, "ab", false],
    ["items of objects", { from: "Labels", functions: [{ name: "each", path: "name" }] }, ["y"], false],
    [
      "a lookup with two keys for a value",
      { from: "Stage", functions: [{ name: "lookup", table: { a: 1, b: 1 } }] },
      1,
      true,
    ],
    [
      "a lookup's value for all others",
      { from: "Stage", functions: [{ name: "lookup", table: { a: 1 }, otherwise: 2 }] },
      2,
      true,
    ],
    ["no list for split", { from: "Tags", functions: [{ name: "split", separator: ";" }] }, "y", true],
    ["no time for a date of seconds", { from: "Since", functions: [{ name: "date", unit: "seconds" }] }, "y", true],
  ])("has no way back from %s", (_, rule, value, couldHave) => {
    expect(back(rule, value)).toEqual({ fields: {}, written: {} });
    expect(isWritable(rule)).toBe(couldHave);
  });

  it("puts fields of one object together, and knows fields that were kept as they are", () => {
    const fields = { city: { from: "Address.City" }, street: { from: "Address.Street" } };
    const mapping = { shardTypeId: "t", direction: "bidirectional", unmapped: "keep", fields } as const;
    const changes = { city: "Rome", street: "Via Appia", "a/b~c": 1 };
    expect(toProviderFields(changes, mapping).fields).toEqual({
      Address: { City: "Rome", Street: "Via Appia" },
      "a/b~c": 1,
    });
    expect(toProviderFields({ unknown: 1 }, { ...mapping, unmapped: "drop" }).fields).toEqual({});
  });
});
