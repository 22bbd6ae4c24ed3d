import fc from "fast-check";
import type { ConflictRules, Mapping } from "../../shared/core/mapping";
import { drainMessage } from "../../shared/usecases/drain-message";
import { editShard } from "../../shared/usecases/edit-shard";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";
import { VendorStandIn } from "../support/vendor-stand-in";

/**
 * Both sides write: the provider changes a record, Castiel edits it and writes back, echoes come in between, and the
 * process is killed at any write. In the end both say the same.
 */
const fieldNames = ["a", "b", "c"] as const;
type Field = (typeof fieldNames)[number];

const mappingWith = (conflicts: ConflictRules): Mapping => ({
  shardTypeId: "contact",
  direction: "bidirectional",
  fields: { a: { from: "A" }, b: { from: "Inner.B" }, c: { from: "C", functions: [{ name: "trim" }] } },
  conflicts,
});

/** A field as the provider sends it. */
const toProvider = (field: Field, value: string): Record<string, unknown> =>
  field === "b" ? { Inner: { B: value } } : { [field.toUpperCase()]: value };

const strategies: readonly (readonly [string, ConflictRules])[] = [
  ["source_wins", { strategy: "source_wins" }],
  ["destination_wins", { strategy: "destination_wins" }],
  ["newest_wins", { strategy: "newest_wins" }],
  ["merge by concat", { strategy: "merge", fields: { a: "concat", b: "concat", c: "concat" } }],
];

const field = fc.constantFrom(...fieldNames);

let world: SyncWorld;
afterEach(() => world.close());
let runs = 0;

type WritingStep =
  | { readonly kind: "provider"; readonly field: Field; readonly isWhole: boolean }
  | { readonly kind: "kill"; readonly write: number; readonly takesEffect: boolean }
  | { readonly kind: "castiel"; readonly field: Field; readonly isTakenBack: boolean }
  | { readonly kind: "deliver"; readonly pick: number; readonly twice: boolean }
  | { readonly kind: "drain" }
  | { readonly kind: "midWrite"; readonly field: Field; readonly isEcho: boolean };

/** What may happen besides while both sides write: an edit is taken back, an echo or an edit comes in mid-write. */
const writingSteps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("provider" as const), field, isWhole: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("castiel" as const), field, isTakenBack: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("deliver" as const), pick: fc.nat(), twice: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("drain" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("kill" as const),
        write: fc.integer({ min: 1, max: 6 }),
        takesEffect: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("midWrite" as const), field, isEcho: fc.boolean() }) },
  ),
  { minLength: 1, maxLength: 24, size: "max" },
);

describe.each(strategies)("written back with %s", (_, rules) => {
  let vendor: VendorStandIn;
  let entityId: string;
  let values: number;
  const written = new Set<unknown>();

  const edit = async (name: Field, isTakenBack: boolean): Promise<void> => {
    const shard = await world.shard(entityId).catch(() => undefined);
    if (shard?.status !== "active") return;
    const value = `mine ${++values}`;
    written.add(value);
    const change = isTakenBack ? { revert: [name] } : { fields: { [name]: value } };
    const key = { tenantId: "tenant-123", subject: "ada", shardId: shard.id };
    await world.untilDone(() => editShard(world.services, key, change));
  };

  const drain = async (): Promise<number> => {
    const messages = await world.app.lockingQueue.receive(32, 60_000);
    for (const message of messages) {
      await drainMessage(world.services, JSON.parse(message.body));
      await world.app.lockingQueue.complete(message.lockToken);
    }
    return messages.length;
  };

  const deliverAll = async (): Promise<number> => {
    const echoes = vendor.sent.splice(0);
    for (const event of echoes) await world.untilDone(() => world.sync(event));
    return echoes.length;
  };

  /** Until nothing is on its way any more: no message, no event. */
  async function comeToRest(): Promise<void> {
    vendor.written = undefined;
    for (let round = 0; round < 30; round++) {
      world.store.revive();
      world.app.advance(2 * 3_60_000);
      const [drained, delivered] = [await drain(), await deliverAll()];
      if (drained + delivered === 0) return;
    }
    throw new Error("it never came to rest");
  }

  async function take(step: WritingStep): Promise<void> {
    switch (step.kind) {
      case "provider": {
        const value = `theirs ${++values}`;
        written.add(value);
        vendor.change(entityId, toProvider(step.field, value), step.isWhole ? "full" : "partial");
        return;
      }
      case "castiel":
        return edit(step.field, step.isTakenBack);
      case "deliver": {
        const [event] = vendor.sent.splice(step.pick % Math.max(1, vendor.sent.length), 1);
        for (let time = 0; event && time < (step.twice ? 2 : 1); time++) await world.untilDone(() => world.sync(event));
        return;
      }
      case "drain":
        await drain();
        return;
      case "kill":
        world.store.dieAt(step.write, step.takesEffect);
        return;
      case "midWrite":
        vendor.written = async () => {
          vendor.written = undefined;
          await (step.isEcho ? deliverAll() : edit(step.field, false));
        };
    }
  }

  it.each([true, false])(
    "both sides end with the same values, and come to rest (readable: %s)",
    async (isReadable) => {
      world = await openSyncWorld({ mapping: mappingWith(rules) }, (now) => (vendor = new VendorStandIn(now)));
      if (!isReadable) vendor.outcome = { kind: "unsupported" };
      await fc.assert(
        fc.asyncProperty(writingSteps, async (list) => {
          [entityId, values] = [`record-${++runs}`, 0];
          written.clear();
          for (const step of list) {
            world.app.advance(1000);
            await take(step);
          }
          await comeToRest();
          const known = vendor.records.get(entityId);
          if (!known) return;
          const shard = await world.shard(entityId);
          expect(shard).not.toHaveProperty("edits");
          expect(shard).not.toHaveProperty("outgoing");
          expect(shard).not.toHaveProperty("conflict");
          const record = known.fields as Record<string, unknown> & { Inner?: { B?: string } };
          const provider = { a: record["A"], b: record.Inner?.B, c: record["C"] };
          for (const name of fieldNames) {
            expect([name, shard.structuredData[name] ?? undefined]).toEqual([name, provider[name] ?? undefined]);
            const said = provider[name];
            const parts = typeof said === "string" ? said.split("\n") : [];
            expect(parts.filter((part) => !written.has(part))).toEqual([]);
          }
        }),
        { numRuns: 100 },
      );
    },
    120_000,
  );
});
