import fc from "fast-check";
import { contextFrom, linksTo } from "../../../shared/adapters/opentelemetry/trace-context";
import { propertyRuns } from "../../support/property-runs";

/** W3C Trace Context, 3.2: the form of version 00, in which an id of zeros is none. */
const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}$/;
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdefAF")), minLength: length, maxLength: length });
const nearly = fc
  .tuple(fc.constantFrom("00", "00", "0", "ff", "zz"), hex(32), hex(16), fc.constantFrom("00", "01", "1", "", "ff"))
  .map((parts) => parts.join("-"));

describe("a traceparent that a stranger sent", () => {
  it("leads to a link if it is well-formed, to nothing if it is not, and never throws", () => {
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string(), fc.string({ unit: "binary" })), fc.string(), (text, tracestate) => {
        fc.pre(!text.startsWith("01"));
        const [, traceId, spanId] = form.exec(text.trim()) ?? [];
        const links = linksTo({ traceparent: text, tracestate });
        expect(links.map(({ context }) => [context.traceId, context.spanId])).toEqual(
          traceId === undefined ? [] : [[traceId, spanId]],
        );
        expect(() => contextFrom({ traceparent: text, tracestate })).not.toThrow();
      }),
      propertyRuns(500),
    );
  });
});
