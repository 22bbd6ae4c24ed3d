import fc from "fast-check";
import type { ConflictRules, Mapping } from "../../shared/core/mapping";
import type { Shard } from "../../shared/core/shard";
import type { WebhookEvent } from "../../shared/core/webhook-event";
import { editShard } from "../../shared/usecases/edit-shard";
import { makeEvent } from "../support/make";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";

/**
 * The pipeline against a model: a provider and Castiel change the fields of a record in any interleaving, the events come
 * in any order, more than once, alone or several to a task, and the process is killed at any write, after which the task
 * is repeated. In the end the shard is what the model says, nothing is lost, and no conflict is invented.
 */
const fieldNames = ["a", "b", "c"] as const;
type Field = (typeof fieldNames)[number];

const mappingWith = (conflicts: ConflictRules): Mapping => ({
  shardTypeId: "contact",
  direction: "inbound",
  fields: { a: { from: "A" }, b: { from: "Inner.B" }, c: { from: "C", functions: [{ name: "trim" }] } },
  conflicts,
});

/** A field as the provider sends it. */
const toProvider = (field: Field, value: string): Record<string, unknown> =>
  field === "b" ? { Inner: { B: value } } : { [field.toUpperCase()]: value };

type Step =
  | { readonly kind: "provider"; readonly field: Field; readonly isWhole: boolean }
  | { readonly kind: "castiel"; readonly field: Field }
  | { readonly kind: "deliver"; readonly pick: number; readonly together: number }
  | { readonly kind: "kill"; readonly write: number; readonly takesEffect: boolean };

const field = fc.constantFrom(...fieldNames);
/** How many events share a task. */
const together = fc.integer({ min: 1, max: 3 });
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("provider" as const), field, isWhole: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("castiel" as const), field }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("deliver" as const), pick: fc.nat(), together }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("kill" as const),
        write: fc.integer({ min: 1, max: 5 }),
        takesEffect: fc.boolean(),
      }),
    },
  ),
  { minLength: 1, maxLength: 24, size: "max" },
);

let world: SyncWorld;
afterEach(() => world.close());
let runs = 0;

/** What Castiel last changed a field to, and what the provider had said by then. */
interface ModelEdit {
  readonly value: string;
  readonly seen: unknown;
  readonly at: number;
}

/** One record: what its provider says, what Castiel changed, and what is on its way. */
class Model {
  readonly entityId = `record-${++runs}`;
  readonly record: Partial<Record<Field, string>> = {};
  readonly changedAt: Partial<Record<Field, number>> = {};
  readonly edits = new Map<Field, ModelEdit>();
  readonly events: WebhookEvent[] = [];
  #values = 0;

  async run(list: readonly Step[], last: readonly number[]): Promise<void> {
    for (const step of list) {
      world.app.advance(1000);
      await this.#do(step);
    }
    world.store.revive();
    // Everything is delivered at least once, in any order.
    const order = this.events.map((event, index) => ({ event, rank: last[index] ?? index }));
    const left = order.sort((a, b) => a.rank - b.rank).map(({ event }) => event);
    for (let size = 1; left.length > 0; size = (size % 3) + 1) await this.deliver(left.splice(0, size));
  }

  async deliver([first, ...further]: readonly WebhookEvent[]): Promise<void> {
    if (first) await world.untilDone(() => world.sync(first, ...further));
  }

  async #do(step: Step): Promise<void> {
    switch (step.kind) {
      case "provider":
        this.#change(step.field, step.isWhole);
        return;
      case "castiel":
        return this.#edit(step.field);
      case "deliver": {
        const from = step.pick % Math.max(1, this.events.length);
        return this.deliver(this.events.slice(from, from + step.together));
      }
      case "kill":
        world.store.dieAt(step.write, step.takesEffect);
    }
  }

  #change(changed: Field, isWhole: boolean): void {
    const now = world.services.now();
    this.record[changed] = `theirs ${++this.#values}`;
    const sent = isWhole ? fieldNames : [changed];
    // A whole record says of every field when it was last known to be so.
    for (const name of sent) this.changedAt[name] = now;
    const data = Object.fromEntries(sent.flatMap((name) => Object.entries(toProvider(name, this.record[name] ?? ""))));
    const isEmpty = (name: Field): boolean => this.record[name] === undefined;
    for (const name of sent.filter(isEmpty)) Reflect.deleteProperty(data, Object.keys(toProvider(name, ""))[0] ?? "");
    this.events.push(
      makeEvent({
        entityId: this.entityId,
        version: { kind: "time", value: now },
        completeness: isWhole ? "full" : "partial",
        data,
      }),
    );
  }

  async #edit(edited: Field): Promise<void> {
    const shard = await world.shard(this.entityId).catch(() => undefined);
    if (!shard) return;
    const value = `mine ${++this.#values}`;
    const key = { tenantId: "tenant-123", subject: "ada", shardId: shard.id };
    await world.untilDone(() => editShard(world.services, key, { fields: { [edited]: value } }));
    this.edits.set(edited, { value, seen: seenOf(shard, edited), at: world.services.now() });
  }
}

function seenOf(shard: Shard, name: Field): unknown {
  const source = (shard.source ?? {}) as Record<string, Record<string, unknown> | undefined>;
  return (name === "b" ? source["Inner"]?.["B"] : source[name.toUpperCase()]) ?? undefined;
}

/** What a field is in the end, and whether a person is asked. */
function expectationOf(model: Model, name: Field, rules: ConflictRules): { value: unknown; isPending: boolean } {
  const remote = model.record[name];
  const edit = model.edits.get(name);
  const of = (value: unknown, isPending = false) => ({ value, isPending });
  if (edit === undefined) return of(remote);
  if (remote === edit.seen) return of(edit.value);
  switch (rules.strategy) {
    case "source_wins":
      return of(remote);
    case "destination_wins":
      return of(edit.value);
    case "newest_wins":
      return of(edit.at > (model.changedAt[name] ?? 0) ? edit.value : remote);
    case "manual":
      return of(edit.value, true);
    default:
      return of(`${edit.value}\n${remote ?? ""}`);
  }
}

const strategies: readonly (readonly [string, ConflictRules])[] = [
  ["source_wins", { strategy: "source_wins" }],
  ["destination_wins", { strategy: "destination_wins" }],
  ["newest_wins", { strategy: "newest_wins" }],
  ["manual", { strategy: "manual" }],
  ["merge by concat", { strategy: "merge", fields: { a: "concat", b: "concat", c: "concat" } }],
];

describe.each(strategies)("with %s, any interleaving of changes, deliveries and kills", (_, rules) => {
  it("ends as the model says", async () => {
    world = await openSyncWorld({ mapping: mappingWith(rules) });
    await fc.assert(
      fc.asyncProperty(steps, fc.array(fc.nat(), { minLength: 24, maxLength: 24, size: "max" }), async (list, last) => {
        const model = new Model();
        await model.run(list, last);
        if (model.events.length === 0) return;
        const shard = await world.shard(model.entityId);
        const pending = Object.keys(shard.conflict?.fields ?? {});
        for (const name of fieldNames) {
          const { value, isPending } = expectationOf(model, name, rules);
          expect([name, shard.structuredData[name] ?? undefined]).toEqual([name, value]);
          expect([name, seenOf(shard, name)]).toEqual([name, model.record[name]]);
          expect([name, pending.includes(name)]).toEqual([name, isPending]);
        }
        const open = await world.services.conflicts.list(world.tenant, {
          shardId: shard.id,
          status: "open",
          limit: 10,
        });
        const standing = open.items.filter(({ id }) => id === shard.conflict?.id);
        expect(standing).toHaveLength(pending.length > 0 ? 1 : 0);
        if (shard.conflict) expect(standing[0]?.fields).toEqual(shard.conflict.fields);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});

describe("two tasks at one record", () => {
  it("come to the same shard whichever is first, and also at the same time", async () => {
    world = await openSyncWorld({ mapping: mappingWith({ strategy: "newest_wins" }) });
    const changes = fc.uniqueArray(
      fc.record({ second: fc.integer({ min: -30, max: 30 }), field, isWhole: fc.boolean() }),
      { selector: ({ second }) => second, minLength: 2, maxLength: 5 },
    );
    const outcome = async (list: readonly WebhookEvent[], isConcurrent: boolean): Promise<unknown> => {
      const entityId = `record-${++runs}`;
      const of = (event: WebhookEvent): WebhookEvent => ({ ...event, entityId });
      const first = { kind: "time", value: world.services.now() - 60_000 } as const;
      const data = { ...toProvider("a", "0"), ...toProvider("b", "0"), ...toProvider("c", "0") };
      await world.sync(of(makeEvent({ version: first, completeness: "full", data })));
      const shardId = (await world.shard(entityId)).id;
      await editShard(world.services, { tenantId: "tenant-123", subject: "ada", shardId }, { fields: { a: "mine" } });
      const where = (index: number) => (index % 2 === 0 ? world.sync : world.syncElsewhere);
      if (isConcurrent) await Promise.all(list.map((event, index) => where(index)(of(event))));
      else for (const event of list) await world.sync(of(event));
      const { structuredData, status, edits } = await world.shard(entityId);
      return { structuredData, status, edited: Object.keys(edits ?? {}) };
    };
    await fc.assert(
      fc.asyncProperty(
        changes.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        async ([list, shuffled]) => {
          const made = new Map(
            list.map((change, index) => {
              const version = { kind: "time", value: world.services.now() + change.second * 1000 } as const;
              const whole = {
                ...toProvider("a", `a${index}`),
                ...toProvider("b", `b${index}`),
                ...toProvider("c", `c${index}`),
              };
              const data = change.isWhole ? whole : toProvider(change.field, `${change.field}${index}`);
              return [change, makeEvent({ version, data, completeness: change.isWhole ? "full" : "partial" })];
            }),
          );
          const events = (order: readonly object[]) => order.flatMap((change) => made.get(change as never) ?? []);
          const expected = await outcome(events(list), false);
          expect(await outcome(events(shuffled), false)).toEqual(expected);
          expect(await outcome(events(shuffled), true)).toEqual(expected);
        },
      ),
      { numRuns: 100 },
    );
  }, 60_000);
});
