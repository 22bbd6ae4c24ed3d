import { asArray, asObject, asText, at, textAt } from "../../shared/core/json";

describe("careful reading of JSON", () => {
  it("takes objects for objects, and nothing else", () => {
    expect(asObject({ a: 1 })).toEqual({ a: 1 });
    expect([null, [], "x", 1, undefined].map(asObject)).toEqual(Array(5).fill(undefined));
  });

  it("reads ids that come as text or number", () => {
    expect(asText("x")).toBe("x");
    expect(asText(12)).toBe("12");
    expect([null, "", true, Number.NaN, {}].map(asText)).toEqual(Array(5).fill(undefined));
  });

  it("does not take a number for an id where JSON has rounded it", () => {
    expect(asText(JSON.parse("9007199254740991"))).toBe("9007199254740991");
    expect([JSON.parse("9007199254740993"), 1e300, -(2 ** 53), Infinity].map(asText)).toEqual(Array(4).fill(undefined));
  });

  it("follows a path through own fields only", () => {
    expect(at({ a: { b: 1 } }, "a", "b")).toBe(1);
    expect(at({ a: 1 }, "a", "b")).toBeUndefined();
    expect(at({}, "constructor")).toBeUndefined();
    expect(textAt({ a: { b: 7 } }, "a", "b")).toBe("7");
  });

  it("takes what is no array for an empty one", () => {
    expect(asArray("x")).toEqual([]);
    expect(asArray([1])).toEqual([1]);
  });
});
