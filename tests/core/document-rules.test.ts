import {
  addDeltas,
  checkDeltas,
  checkDocumentKeys,
  isDocumentKey,
  pageLimit,
  serialiseDocument,
} from "../../shared/core/document-rules";

const document = { id: "a", pk: "p", tenantId: "tenant-123", schemaVersion: 1 };

describe("the key of a document", () => {
  it.each(["a", "webhook-x", "ü 😀", "50%", "...", "é".repeat(511)])("may be %j", (key) => {
    expect(isDocumentKey(key)).toBe(true);
    expect(() => checkDocumentKeys({ pk: key, id: key })).not.toThrow();
  });

  it.each(["", "a/b", "a\\b", "a?b", "a#b", ".", "..", "\ud83d", "x".repeat(1024), "é".repeat(512)])(
    "may not be %j, as an id or as a partition",
    (key) => {
      expect(isDocumentKey(key)).toBe(false);
      expect(() => checkDocumentKeys({ pk: "p", id: key })).toThrow(RangeError);
      expect(() => checkDocumentKeys({ pk: key, id: "a" })).toThrow(RangeError);
    },
  );
});

describe("the size of a document", () => {
  it("is counted in bytes, and 2 MB of them are allowed", () => {
    const rest = Buffer.byteLength(JSON.stringify({ ...document, text: "" }));
    const text = "é".repeat(1024 * 1024 - Math.ceil(rest / 2));
    expect(serialiseDocument({ ...document, text } as typeof document)).toContain(text);
    expect(() => serialiseDocument({ ...document, text: `${text}éé` } as typeof document)).toThrow(RangeError);
  });
});

describe("an increment", () => {
  it("adds to what is there and counts what is missing as 0", () => {
    expect(addDeltas({ ...document, count: 2 }, { count: -3, others: 1.5 })).toEqual({
      ...document,
      count: -1,
      others: 1.5,
    });
  });

  it("takes one to ten fields, each of one word", () => {
    const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`field${n}`, 1]));
    expect(() => checkDeltas(fields(1))).not.toThrow();
    expect(() => checkDeltas(fields(10))).not.toThrow();
    expect(() => checkDeltas({})).toThrow(RangeError);
    expect(() => checkDeltas(fields(11))).toThrow(RangeError);
    expect(() => checkDeltas({ "a/b": 1 })).toThrow(RangeError);
  });
});

it.each([
  [0, 1],
  [1.9, 1],
  [500, 500],
  [5000, 1000],
])("a page that is to hold %d documents holds %d at most", (limit, expected) => {
  expect(pageLimit({ pk: "p", limit })).toBe(expected);
});
