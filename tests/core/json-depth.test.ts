import fc from "fast-check";
import { DeliveryRequest, parseForeignJson } from "../../shared/core/delivery-request";
import { nestsDeeperThan } from "../../shared/core/json-depth";

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

/** The depth as a walk through the parsed value finds it. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe("the depth of JSON", () => {
  it("is the same by the text as by the value, whatever its strings hold", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[[\]{}"\\]{0,12}$/));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 6 }, text, fc.array(tie("tree")), fc.dictionary(text, tie("tree"))),
    }));
    fc.assert(
      fc.property(tree, fc.nat(8), fc.constantFrom(undefined, 1), (value, limit, indent) => {
        expect(nestsDeeperThan(limit, JSON.stringify(value, null, indent))).toBe(depthOf(value) > limit);
      }),
      { numRuns: 500 },
    );
  });

  it("counts what is open, not how many brackets there are", () => {
    expect(nestsDeeperThan(2, "[[],[],[],[],[]]")).toBe(false);
    expect(nestsDeeperThan(2, "[[[]]]")).toBe(true);
  });

  it.each(['{"a":"[[[[', "[[[[[", '"\\', "]]]]]{", '[["a\\\\"],[["b\\""]]'])(
    "comes back from %j, which is no JSON",
    (text) => {
      expect(typeof nestsDeeperThan(2, text)).toBe("boolean");
    },
  );
});

describe("JSON from outside", () => {
  it("is read up to a hundred levels deep, and beyond that is as good as none", () => {
    expect(parseForeignJson(nested(100))).toBeDefined();
    expect(parseForeignJson(nested(101))).toBeUndefined();
    expect(new DeliveryRequest(new Headers(), Buffer.from(nested(100_000))).json()).toBeUndefined();
  });
});
