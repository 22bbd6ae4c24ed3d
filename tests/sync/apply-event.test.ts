import fc from "fast-check";
import type { Shard } from "../../shared/core/shard";
import type { WebhookEvent } from "../../shared/core/webhook-event";
import { applyEvent } from "../../shared/sync/apply-event";
import { makeEvent, noon } from "../support/make";

const key = { id: "shard-1", pk: "partition" };
const at = (seconds: number) => ({ kind: "time", value: noon + seconds * 1000 }) as const;

function applyAll(events: readonly WebhookEvent[]): { shard: Shard | undefined; changes: string[] } {
  let shard: Shard | undefined;
  const changes = events.map((event) => {
    const applied = applyEvent(shard, event, key);
    shard = applied.shard ?? shard;
    return applied.change;
  });
  return { shard, changes };
}

const snapshot = (seconds: number, data: Record<string, unknown>) =>
  makeEvent({ completeness: "full", version: at(seconds), data });
const partial = (seconds: number, data: Record<string, unknown>) => makeEvent({ version: at(seconds), data });
const deletion = (seconds?: number) =>
  makeEvent({ eventType: "deleted", data: {}, ...(seconds === undefined ? {} : { version: at(seconds) }) });

describe("applyEvent", () => {
  it("creates a shard, and updates it with something newer", () => {
    const { shard, changes } = applyAll([snapshot(1, { Name: "Ada" }), snapshot(2, { Name: "Eve" })]);
    expect(changes).toEqual(["created", "updated"]);
    expect(shard?.structuredData).toEqual({ Name: "Eve" });
  });

  it("leaves out a change that is older than what is known", () => {
    const { shard, changes } = applyAll([snapshot(2, { Name: "Eve" }), snapshot(1, { Name: "Ada" })]);
    expect(changes).toEqual(["created", "stale"]);
    expect(shard?.structuredData).toEqual({ Name: "Eve" });
  });

  it("changes nothing when the same event is applied again", () => {
    const event = snapshot(1, { Name: "Ada" });
    expect(applyAll([event, event]).changes).toEqual(["created", "unchanged"]);
    const part = partial(2, { Phone: "1" });
    expect(applyAll([event, part, part]).changes).toEqual(["created", "updated", "unchanged"]);
  });

  it("lets the later received of two different changes with the same version win", () => {
    const [first, second] = [snapshot(1, { Name: "Ada" }), snapshot(1, { Name: "Eve" })];
    expect(applyAll([first, second]).shard?.structuredData).toEqual({ Name: "Eve" });
    expect(applyAll([second, first]).shard?.structuredData).toEqual({ Name: "Eve" });
  });

  it("goes by the order of receipt where the provider states no version", () => {
    const [first, second] = [makeEvent({ data: { Name: "Ada" } }), makeEvent({ data: { Name: "Eve" } })];
    expect(applyAll([second, first]).shard?.structuredData).toEqual({ Name: "Eve" });
  });

  it("merges partial events field by field, each field with its own version", () => {
    const { shard } = applyAll([
      partial(1, { Name: "Ada", Phone: "1" }),
      partial(3, { Phone: "3" }),
      partial(2, { Phone: "2", Name: "Eve" }),
    ]);
    expect(shard?.structuredData).toEqual({ Name: "Eve", Phone: "3" });
  });

  it("keeps a field that was set later than a snapshot that arrives now", () => {
    const { shard } = applyAll([
      snapshot(1, { Name: "Ada", Phone: "1" }),
      partial(3, { Phone: "3" }),
      snapshot(2, { Name: "Eve", Phone: "2" }),
    ]);
    expect(shard?.structuredData).toEqual({ Name: "Eve", Phone: "3" });
  });

  it("marks a deleted record, and leaves it deleted when an older update comes late", () => {
    const { shard, changes } = applyAll([snapshot(1, { Name: "Ada" }), deletion(3), snapshot(2, { Name: "Eve" })]);
    expect(changes).toEqual(["created", "deleted", "stale"]);
    expect(shard?.tombstone).toMatchObject({ timed: true });
  });

  it("remembers a deletion of something it never saw, so that a late creation stays out", () => {
    const created = makeEvent({ eventType: "created", version: at(1) });
    expect(applyAll([deletion(2), created]).changes).toEqual(["deleted", "stale"]);
  });

  it("leaves out a deletion that is older than what is known", () => {
    expect(applyAll([snapshot(2, { Name: "Ada" }), deletion(1)]).changes).toEqual(["created", "stale"]);
  });

  it("revives a record that is newer than its deletion", () => {
    const { shard, changes } = applyAll([snapshot(1, { Name: "Ada" }), deletion(2), snapshot(3, { Name: "Eve" })]);
    expect(changes.at(-1)).toBe("restored");
    expect(shard?.tombstone).toBeUndefined();
    expect(shard?.structuredData).toEqual({ Name: "Eve" });
  });

  describe("after a deletion without a time of its own", () => {
    const before = snapshot(-100, { Name: "Ada" });

    it("leaves out an update, whatever was received later", () => {
      expect(applyAll([before, deletion(), snapshot(-50, { Name: "Eve" })]).changes.at(-1)).toBe("stale");
    });

    it("revives by an update whose vendor time is after the receipt of the deletion", () => {
      expect(applyAll([before, deletion(), snapshot(3600, { Name: "Eve" })]).changes.at(-1)).toBe("restored");
    });

    it("revives by a creation or a restoration", () => {
      const deleted = deletion();
      const restored = makeEvent({ eventType: "restored", version: at(-50), data: { Name: "Eve" } });
      expect(applyAll([before, deleted, restored]).changes.at(-1)).toBe("restored");
      const created = makeEvent({ eventType: "created", data: { Name: "Eve" } });
      expect(applyAll([before, deleted, created]).changes.at(-1)).toBe("restored");
    });

    it("leaves out a creation that was received before the deletion", () => {
      const created = makeEvent({ eventType: "created", data: { Name: "Eve" } });
      expect(applyAll([before, deletion(), created]).changes.at(-1)).toBe("stale");
    });

    it("leaves out a creation that is older than what was known before the deletion", () => {
      const late = makeEvent({ eventType: "created", version: at(-200), data: { Name: "Eve" } });
      expect(applyAll([before, deletion(), late]).changes.at(-1)).toBe("stale");
    });
  });

  it("takes in what a late event says of fields that nothing newer told, before and after a deletion", () => {
    expect(applyAll([partial(5, { Name: "Eve" }), snapshot(3, { Name: "Ada", Phone: "3" })]).shard).toMatchObject({
      structuredData: { Name: "Eve", Phone: "3" },
    });
    const late = applyAll([partial(5, { Name: "Eve" }), partial(3, { Name: "Ada", Phone: "3" })]);
    expect(late.shard?.structuredData).toEqual({ Name: "Eve", Phone: "3" });
    const events = [
      snapshot(1, { Name: "Ada" }),
      deletion(3),
      partial(2, { Phone: "2" }),
      partial(4, { City: "Rome" }),
    ];
    const { shard, changes } = applyAll(events);
    expect(changes).toEqual(["created", "deleted", "stale", "restored"]);
    expect(shard?.structuredData).toEqual({ Name: "Ada", Phone: "2", City: "Rome" });
  });

  it("leaves a record alive when an older deletion comes after one that revived it without a field", () => {
    const revival = makeEvent({ eventType: "restored", version: at(5), completeness: "hint", data: {} });
    const { changes } = applyAll([snapshot(1, { Name: "Ada" }), deletion(3), revival, deletion(4)]);
    expect(changes).toEqual(["created", "deleted", "restored", "stale"]);
  });

  it("ends with the same record in whatever order versioned events arrive, and however often", () => {
    const events = fc.uniqueArray(
      fc.record({
        second: fc.integer({ min: 1, max: 50 }),
        data: fc.dictionary(fc.constantFrom("a", "b", "c"), fc.integer({ min: 0, max: 3 })),
        kind: fc.constantFrom("partial", "snapshot", "deleted"),
      }),
      { selector: (event) => event.second, minLength: 1, maxLength: 8 },
    );
    const shuffled = events.chain((list) => {
      const made = list.map(({ second, data, kind }) => {
        if (kind === "deleted") return deletion(second);
        return kind === "partial" ? partial(second, data) : snapshot(second, data);
      });
      const order = fc.shuffledSubarray([...made, ...made], { minLength: made.length * 2 });
      return fc.tuple(fc.constant(made), order);
    });
    const outcomeOf = (list: readonly WebhookEvent[]) => {
      const { shard } = applyAll(list);
      return { data: shard?.structuredData, isDeleted: shard?.tombstone !== undefined };
    };
    fc.assert(
      fc.property(shuffled, ([made, order]) => {
        const inOrder = [...made].sort((a, b) => Number(a.version?.value) - Number(b.version?.value));
        expect(outcomeOf(order)).toEqual(outcomeOf(inOrder));
      }),
      { numRuns: 2000 },
    );
  });
});
