import fc from "fast-check";
import { RememberedIds } from "../../../shared/adapters/sqlite/remembered-ids";

const WINDOW_MS = 1000;

describe("remembered message ids", () => {
  it("are known within the window and not after it, whatever comes, goes or is swept between", () => {
    const step = fc.record({
      id: fc.constantFrom("a", "b", "c"),
      what: fc.constantFrom("add", "forget", "sweep"),
      afterMs: fc.integer({ min: 0, max: 700 }),
    });
    const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const remembered = new RememberedIds(WINDOW_MS);
      const model = new Map<string, number>();
      let now = 1_000_000;
      for (const { id, what, afterMs } of steps) {
        now += afterMs;
        if (what === "sweep") remembered.sweep(now);
        if (what === "add") remembered.add(id, now);
        if (what === "add") model.set(id, now);
        if (what === "forget") remembered.forget(id);
        if (what === "forget") model.delete(id);
        for (const known of ["a", "b", "c"]) {
          expect(remembered.has(known, now)).toBe(now - (model.get(known) ?? -Infinity) < WINDOW_MS);
        }
      }
    });
    fc.assert(property, { numRuns: 200 });
  });

  it("are the latest ones in a flood: half of the capacity at least", () => {
    const remembered = new RememberedIds(WINDOW_MS);
    const { capacity } = RememberedIds;
    const sent = 3 * capacity + 1;
    for (let n = 0; n < sent; n++) remembered.add(String(n), 0);
    const known = Array.from({ length: sent }, (_, n) => remembered.has(String(n), 0));
    expect(known.slice(-capacity / 2)).not.toContain(false);
    expect(known.slice(0, 2 * capacity)).not.toContain(true);
  });
});
