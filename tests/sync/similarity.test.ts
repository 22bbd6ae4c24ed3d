import fc from "fast-check";
import { jaroWinkler, normalise, soundex } from "../../shared/sync/similarity";

describe("jaroWinkler", () => {
  // The pairs of Winkler's own tables ("String Comparator Metrics", 1990, and "Overview of Record Linkage", 2006).
  it.each([
    ["MARTHA", "MARHTA", 0.961],
    ["DWAYNE", "DUANE", 0.84],
    ["DIXON", "DICKSONX", 0.813],
    ["SHACKLEFORD", "SHACKELFORD", 0.982],
    ["NICHLESON", "NICHULSON", 0.956],
    ["JERALDINE", "GERALDINE", 0.926],
    ["ABROMS", "ABRAMS", 0.922],
    ["ITMAN", "SMITH", 0.467],
    ["", "", 1],
    ["A", "", 0],
    ["ABC", "XYZ", 0],
  ])("holds %s and %s %d similar", (a, b, expected) => {
    expect(jaroWinkler(a, b)).toBeCloseTo(expected, 3);
  });

  it("is the same both ways, 1 for equal texts, and from 0 to 1 for all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
        const similarity = jaroWinkler(a, b);
        expect(similarity).toBeGreaterThanOrEqual(0);
        expect(similarity).toBeLessThanOrEqual(1);
        expect(jaroWinkler(b, a)).toBeCloseTo(similarity, 10);
        expect(jaroWinkler(a, a)).toBeCloseTo(1, 10);
      }),
    );
  });
});

describe("soundex", () => {
  // The examples of the National Archives and of Knuth's "Sorting and Searching".
  it.each([
    ["Robert", "R163"],
    ["Rupert", "R163"],
    ["Rubin", "R150"],
    ["Ashcraft", "A261"],
    ["Ashcroft", "A261"],
    ["Tymczak", "T522"],
    ["Pfister", "P236"],
    ["Honeyman", "H555"],
    ["Washington", "W252"],
    ["Lee", "L000"],
    ["Gutierrez", "G362"],
    ["Jackson", "J250"],
    ["Müller", "M460"],
    ["李", ""],
    ["", ""],
  ])("of %s is %s", (name, code) => {
    expect(soundex(name)).toBe(code);
  });
});

describe("normalise", () => {
  it("takes away case, marks and surplus spaces, and what is no plain value", () => {
    expect(normalise("  Zoë \t\n SMITH ")).toBe("zoe smith");
    expect(normalise(7)).toBe("7");
    expect([normalise(null), normalise({}), normalise(["a"])]).toEqual(["", "", ""]);
  });
});
