import { isOutage } from "../core/errors";
import type { JsonObject } from "../core/json";
import type { Mapping } from "../core/mapping";
import type { RecordReader } from "../core/record-reader";
import type { Shard, Successor } from "../core/shard";
import { SyncDelay, SyncFailure } from "../core/sync-task";
import { shardIdOf, type ShardKey } from "../repositories/shards";
import type { SourceEvent } from "./apply-event";
import { connectionOf, type RecordJob, referenceOf } from "./fetch-record";
import { type Asked, findCreated } from "./find-created";
import { type Lens, nextShard, remoteFieldsOf } from "./next-shard";
import { toProviderFields } from "./reverse-transform";
import { changeShard, sourceOf } from "./shard-state";
import { fieldOf, sameValue } from "./three-way";
import { orNotWritable } from "./write-back";
import { type ShardStores, writeShard } from "./write-shard";

/** What creating a record takes. */
export interface Creation {
  readonly reader: RecordReader;
  readonly job: RecordJob;
  readonly mapping: Mapping;
  readonly lens: Lens;
  /** Synchronises a record. */
  readonly sync: (job: RecordJob) => Promise<unknown>;
}

/** True if Castiel keeps a record that the provider deleted, and it was not made anew there, or not all of it is done. */
export function isToBeCreated({ kept, tombstone, conflict, merged, successor }: Shard): boolean {
  if (tombstone === undefined || merged !== undefined) return false;
  return successor ? successor.handOver !== undefined : kept !== undefined && conflict === undefined;
}

/**
 * Creates the record anew at its provider, where it gets another id: a new shard shows it from then on, with those edits
 * that have no way back, and the old one is deleted and names its successor. The shard notes what is asked for before it is;
 * where an earlier attempt did so and the answer is not known, the provider's records since then are searched first, so
 * that a repeated task does not make a second one. Answers the shard as it is then.
 * @throws {SyncFailure} `creation_uncertain` (permanent): an earlier attempt may have made it, and it cannot be looked for;
 * `shard_changed`: somebody came in before it was asked for.
 * @throws {SyncDelay} `creation_under_way`: another attempt may be asking just now. Else as the reader does.
 */
export async function createAnew(stores: ShardStores, creation: Creation, shard: Shard): Promise<Shard> {
  if (shard.successor?.handOver) return handOver(stores, creation, shard, shard.successor);
  const asked = shard.creation;
  const found = asked && (await findCreated(stores, { ...creation, shard: { ...shard, creation: asked } }));
  const entityId = found ?? (await ask(stores, creation, shard));
  if (entityId === undefined) return shard;
  const successor = await nameSuccessor(stores, creation, shard, entityId);
  return handOver(stores, creation, ...successor);
}

/** Asks for what was asked for before, so that it can be found. Nothing where nothing of the record has a way back. */
async function ask(stores: ShardStores, creation: Creation, shard: Shard): Promise<string | undefined> {
  const fields = shard.creation?.fields ?? toProviderFields(shard.structuredData, creation.mapping).fields;
  if (Object.keys(fields).length === 0) return undefined;
  return create(stores, creation, await noteCreation(stores, shard, fields));
}

async function noteCreation(stores: ShardStores, shard: Shard, fields: JsonObject): Promise<Asked> {
  const { outcome } = await writeShard(stores, keyOf(shard), (current) => {
    // What changed meanwhile may have changed what is to be created, or whether.
    if (current?.revision !== shard.revision) throw new SyncFailure("shard_changed");
    const lastAskedAt = new Date(stores.now()).toISOString();
    const creation = { firstAskedAt: current.creation?.firstAskedAt ?? lastAskedAt, lastAskedAt, fields };
    const noted = { ...changeShard(current, { revision: current.revision + 1 }), creation };
    return { outcome: noted, shard: noted };
  });
  return outcome;
}

async function create(stores: ShardStores, { reader, job }: Creation, shard: Asked): Promise<string | undefined> {
  const reference = { ...referenceOf(job.event, shard), hint: sourceOf(shard) };
  const { fields } = shard.creation;
  try {
    const reply = await orNotWritable(reader.write(connectionOf(job), { action: "create", reference, fields }));
    if (reply === undefined) await withdraw(stores, shard);
    return reply?.entityId;
  } catch (error) {
    // Refused, or not even asked: nothing was made.
    const isCertain =
      error instanceof SyncDelay || isOutage(error) || (error instanceof SyncFailure && error.permanent);
    if (isCertain) await withdraw(stores, shard);
    throw error;
  }
}

/** Says in the shard that no creation is under way. */
async function withdraw(stores: ShardStores, shard: Shard): Promise<void> {
  await writeShard(stores, keyOf(shard), (current) =>
    current ? { shard: changeShard(current, { creation: undefined, revision: current.revision + 1 }) } : {},
  );
}

/**
 * The old shard names its successor and is deleted; a provider that brought the same record back has no other. What was
 * edited here while the provider was asked goes along.
 */
async function nameSuccessor(
  stores: ShardStores,
  { lens }: Creation,
  shard: Shard,
  entityId: string,
): Promise<readonly [Shard, Successor]> {
  const { tenantId, integrationId, entityType, idScope } = shard;
  const shardId = shardIdOf({ tenantId, integrationId, entityType, idScope, entityId });
  const { outcome } = await writeShard(stores, keyOf(shard), (current = shard) => {
    const known = current.successor;
    if (known) return { outcome: [current, known] as const };
    const successor = { entityId, shardId, handOver: current.edits ?? {} };
    const changed = changeShard(current, { successor, creation: undefined });
    const state = { shard: changed, source: sourceOf(current), isCurrent: false };
    const named = nextShard(current, state, lens, stores.now()).shard;
    return { outcome: [named, successor] as const, shard: named };
  });
  return outcome;
}

/** The successor is synchronised, takes the edits that its provider does not have, and then all is done. */
async function handOver(
  stores: ShardStores,
  { job: { tenantKey, event }, lens, sync }: Creation,
  shard: Shard,
  { entityId, shardId, handOver: edits = {} }: Successor,
): Promise<Shard> {
  await sync({ kind: "manual", tenantKey, event: eventOf(event, entityId) });
  const { shard: edited } = await writeShard(stores, { ...keyOf(shard), shardId }, (current) => {
    const standing = current && rebased(edits, current, lens);
    if (!current || !standing || Object.keys(standing).length === 0) return {};
    const taken = changeShard(current, { edits: { ...standing, ...current.edits } });
    const state = { shard: taken, source: sourceOf(current), isCurrent: false };
    return { shard: nextShard(current, state, lens, stores.now()).shard };
  });
  if (edited) await sync({ kind: "edit", tenantKey, event: eventOf(event, entityId) });
  const isRestored = shardId === shard.id;
  const { outcome } = await writeShard(stores, keyOf(shard), (current = shard) => {
    const successor = isRestored ? undefined : { entityId, shardId };
    const done = changeShard(current, { successor, revision: current.revision + 1 });
    return { outcome: done, shard: done };
  });
  return outcome;
}

/** Names the new record; what it is, its provider tells. */
function eventOf(event: SourceEvent, entityId: string): SourceEvent {
  const { version: _, gap: __, occurredAt: ___, ...rest } = event;
  return { ...rest, entityId, eventType: "updated", completeness: "hint", data: {} };
}

function rebased(edits: NonNullable<Shard["edits"]>, shard: Shard, lens: Lens): NonNullable<Shard["edits"]> {
  const remote = remoteFieldsOf(shard, lens);
  const standing = Object.entries(edits).filter(([field, { value }]) => !sameValue(fieldOf(remote, field), value));
  return Object.fromEntries(
    standing.map(([field, edit]) => {
      const base = fieldOf(remote, field);
      return [field, { ...edit, base, seen: base }];
    }),
  );
}

function keyOf({ tenantId, pk, id }: Shard): ShardKey {
  return { tenantId, tenantKey: pk, shardId: id };
}
