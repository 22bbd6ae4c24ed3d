import fc from "fast-check";
import type { Mapping } from "../../shared/core/mapping";
import { makeEvent } from "../support/make";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";

let world: SyncWorld;
afterEach(() => world.close());
let runs = 0;

describe("duplicates with derived shards", () => {
  const mapping: Mapping = {
    shardTypeId: "person",
    direction: "inbound",
    fields: { email: { from: "Email" }, name: { from: "Name" }, phone: { from: "Phone" } },
    deduplicate: { rules: [{ match: "exact", fields: ["email"] }], merge: "merge_fields" },
    derived: [
      {
        name: "line",
        shardTypeId: "line",
        relationship: "has_line",
        when: [{ path: "Phone", is: "present" }],
        fields: { phone: { from: "Phone" } },
      },
    ],
  };
  const emails = ["x@example.com", "y@example.com"];
  const records = [0, 1, 2, 3];
  const change = fc.record({
    record: fc.constantFrom(...records),
    isDeletion: fc.boolean(),
    hasName: fc.boolean(),
    hasPhone: fc.boolean(),
    kill: fc.option(fc.record({ write: fc.integer({ min: 1, max: 8 }), takesEffect: fc.boolean() })),
  });

  it("end as one person an e-mail address, made of the records that are there, in any order and whenever killed", async () => {
    world = await openSyncWorld({ mapping });
    const changes = fc.array(change, { minLength: 1, maxLength: 12, size: "max" });
    const orders = fc.array(fc.nat(), { minLength: 24, maxLength: 24, size: "max" });
    await fc.assert(
      fc.asyncProperty(changes, orders, async (list, order) => {
        const run = ++runs;
        const made = list.map(({ record, isDeletion, hasName, hasPhone, kill }, index) => {
          world.app.advance(1000);
          const now = world.services.now();
          const event = makeEvent({
            entityId: `${run}-${record}`,
            eventType: isDeletion ? "deleted" : "updated",
            completeness: "full",
            version: { kind: "time", value: now },
            receivedAt: new Date(now).toISOString(),
            data: {
              Email: `${run}${emails[record % 2] ?? ""}`,
              ...(hasName ? { Name: `name ${index}` } : {}),
              ...(hasPhone ? { Phone: `phone ${index}` } : {}),
            },
          });
          return { event, kill, record, isDeletion, now };
        });
        const due = [...made, ...made].map((item, index) => ({ item, rank: order[index] ?? 0 }));
        for (const { item } of due.sort((a, b) => a.rank - b.rank)) {
          if (item.kill) world.store.dieAt(item.kill.write, item.kill.takesEffect);
          await world.untilDone(() => world.sync(item.event));
          world.store.revive();
        }
        const last = new Map(made.map((item) => [item.record, item]));
        const found = await Promise.all(
          records.map((record) =>
            world.services.shards.list(world.tenant, { externalId: `${run}-${record}`, status: "active", limit: 10 }),
          ),
        );
        const shards = found.flatMap(({ items }) => items);
        for (const [parity, email] of emails.entries()) {
          const alive = [...last.values()].filter(({ record, isDeletion }) => record % 2 === parity && !isDeletion);
          const shown = alive
            .sort((a, b) => a.now - b.now)
            .map(({ event: { data } }) => data as Record<string, string>);
          const merged = Object.assign({}, ...shown) as Record<string, string>;
          const persons = shards.filter(
            ({ shardTypeId, structuredData }) =>
              shardTypeId === "person" && structuredData["email"] === `${run}${email}`,
          );
          expect(persons.map(({ structuredData }) => structuredData)).toEqual(
            alive.length === 0
              ? []
              : [
                  {
                    email: merged["Email"],
                    ...(merged["Name"] === undefined ? {} : { name: merged["Name"] }),
                    ...(merged["Phone"] === undefined ? {} : { phone: merged["Phone"] }),
                  },
                ],
          );
        }
        // Every line belongs to a person that is shown, and to a record of its own that has a phone.
        for (const line of shards.filter(({ shardTypeId }) => shardTypeId === "line")) {
          const person = shards.find(({ id }) => id === line.derivedFrom?.shardId);
          expect(person?.source?.["Phone"]).toBe(line.structuredData["phone"]);
          expect(person).not.toHaveProperty("tombstone");
          expect(person?.links).toEqual([{ shardId: line.id, shardTypeId: "line", relationship: "has_line" }]);
        }
        const linked = shards.flatMap(({ shardTypeId, links = [] }) => (shardTypeId === "person" ? links : []));
        expect(linked).toHaveLength(shards.filter(({ shardTypeId }) => shardTypeId === "line").length);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
