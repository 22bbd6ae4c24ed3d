import { DeliveryRequest } from "../../shared/core/delivery-request";
import { alteredBodies } from "../../shared/providers/altered-body";

const formsOf = (text: string) => [...alteredBodies(new DeliveryRequest(new Headers(), Buffer.from(text)))];
const nested = (depth: number, items: number) =>
  `${"[".repeat(depth)}${Array.from({ length: items }, () => '{"a":1}').join(",")}${"]".repeat(depth)}`;
const howIndented = (text: string) => formsOf(text).filter(({ how }) => how.includes("indented"));

describe("the forms in which a body may have been signed", () => {
  it("grow to no more than a few times the body, however deep it nests", () => {
    const text = nested(98, 7000);
    for (const { bytes } of formsOf(text)) expect(bytes.length).toBeLessThan(text.length * 6);
  });

  it("are indented ones too, down to ten levels", () => {
    expect(howIndented(nested(9, 2))).toHaveLength(4);
    expect(howIndented(nested(10, 2))).toEqual([]);
  });

  it("are spaced as Python does at every depth", () => {
    const spaced = `${"[".repeat(98)}{"a": 1}, {"a": 1}${"]".repeat(98)}`;
    expect(formsOf(nested(98, 2)).map(({ bytes }) => bytes.toString())).toContain(spaced);
    const words = '{"a: b,c": ["\\n ,", {}, [], null, true], "ü": "x: \\"y\\", z"}';
    expect(formsOf(JSON.stringify(JSON.parse(words))).map(({ bytes }) => bytes.toString())).toContain(words);
  });
});
