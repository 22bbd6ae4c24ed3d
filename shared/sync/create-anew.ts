import { isOutage } from "../core/errors";
import { asObject, type JsonObject } from "../core/json";
import type { Mapping } from "../core/mapping";
import type { RecordReader } from "../core/record-reader";
import type { Shard, Successor } from "../core/shard";
import { SyncDelay, SyncFailure } from "../core/sync-task";
import { shardIdOf, type ShardKey } from "../repositories/shards";
import type { SourceEvent } from "./apply-event";
import { connectionOf, type RecordJob, referenceOf } from "./fetch-record";
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

/** Our clock and the provider's may differ by this. */
const CLOCK_MARGIN_MS = 300_000;
const PAGES_TO_SEARCH = 10;

/** True if Castiel keeps a record that the provider deleted, and it was not made anew there, or not all of it is done. */
export function isToBeCreated({ kept, tombstone, conflict, merged, successor }: Shard): boolean {
  if (tombstone === undefined || merged !== undefined) return false;
  return successor ? successor.handOver !== undefined : kept !== undefined && conflict === undefined;
}

/**
 * Creates the record anew at its provider, where it gets another id: a new shard shows it from then on, with those edits
 * that have no way back, and the old one is deleted and names its successor. The shard notes the creation before it is asked
 * for; where an earlier attempt did so and the answer is not known, the provider's records since then are searched first,
 * so that a repeated task does not make a second one. Answers the shard as it is then.
 * @throws {SyncFailure} `creation_uncertain` (permanent): an earlier attempt may have made it, and the provider cannot
 * list such records; `shard_changed`: somebody came in between. Else as the reader does.
 */
export async function createAnew(stores: ShardStores, creation: Creation, shard: Shard): Promise<Shard> {
  if (shard.successor?.handOver) return handOver(stores, creation, shard, shard.successor);
  const { fields } = toProviderFields(shard.structuredData, creation.mapping);
  if (Object.keys(fields).length === 0) return shard;
  const found = shard.creation && (await findCreated(creation, shard, fields));
  const noted = await note(stores, shard, { askedAt: new Date(stores.now()).toISOString() });
  const entityId = found ?? (await create(stores, creation, noted, fields));
  if (entityId === undefined) return shard;
  const successor = await nameSuccessor(stores, creation, noted, entityId);
  return handOver(stores, creation, ...successor);
}

async function create(
  stores: ShardStores,
  { reader, job }: Creation,
  shard: Shard,
  fields: JsonObject,
): Promise<string | undefined> {
  const reference = { ...referenceOf(job.event, shard), hint: sourceOf(shard) };
  try {
    const reply = await orNotWritable(reader.write(connectionOf(job), { action: "create", reference, fields }));
    if (reply === undefined) await note(stores, shard, undefined);
    return reply?.entityId;
  } catch (error) {
    // Refused, or not even asked: nothing was made.
    const isCertain =
      error instanceof SyncDelay || isOutage(error) || (error instanceof SyncFailure && error.permanent);
    if (isCertain) await note(stores, shard, undefined);
    throw error;
  }
}

/** Says in the shard that a creation is under way, or that it is not. */
function note(stores: ShardStores, shard: Shard, creation: Shard["creation"]): Promise<Shard> {
  return change(stores, shard, (current) => changeShard(current, { creation, revision: current.revision + 1 }));
}

/** The id of the record that an earlier attempt made, if it did. */
async function findCreated(
  { reader, job }: Creation,
  { creation, externalId, entityType }: Shard,
  fields: JsonObject,
): Promise<string | undefined> {
  const since = new Date(Date.parse(creation?.askedAt ?? "") - CLOCK_MARGIN_MS).toISOString();
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_TO_SEARCH; page++) {
    const query = { entityType, since, ...(cursor === undefined ? {} : { cursor }) };
    const listed = await reader.list(connectionOf(job), query).catch((error: unknown) => {
      const isUnlisted = error instanceof SyncFailure && error.reason === "unsupported";
      throw isUnlisted ? new SyncFailure("creation_uncertain", { permanent: true, cause: error }) : error;
    });
    const ours = listed.records.find(
      ({ reference, record, deleted }) =>
        deleted !== true && reference.entityId !== externalId && holds(record, fields),
    );
    if (ours) return ours.reference.entityId;
    cursor = listed.cursor;
    if (cursor === undefined) return undefined;
  }
  return undefined;
}

/** True if the record has every one of the fields, at any depth. */
function holds(record: JsonObject, fields: JsonObject): boolean {
  return Object.entries(fields).every(([name, value]) => {
    const [known, inner] = [asObject(record[name]), asObject(value)];
    return known && inner ? holds(known, inner) : sameValue(record[name], value);
  });
}

/** The old shard names its successor and is deleted; a provider that brought the same record back has no other. */
async function nameSuccessor(
  stores: ShardStores,
  { lens }: Creation,
  shard: Shard,
  entityId: string,
): Promise<readonly [Shard, Successor]> {
  const { tenantId, integrationId, entityType, idScope, edits = {} } = shard;
  const shardId = shardIdOf({ tenantId, integrationId, entityType, idScope, entityId });
  const successor = { entityId, shardId, handOver: edits };
  const named = await change(stores, shard, (current) => {
    const changed = changeShard(current, { successor, creation: undefined });
    const state = { shard: changed, source: sourceOf(current), isCurrent: false };
    return nextShard(current, state, lens, stores.now()).shard;
  });
  return [named, successor];
}

/** The successor is synchronised, takes the edits that its provider does not have, and then all is done. */
async function handOver(
  stores: ShardStores,
  { job, lens, sync }: Creation,
  shard: Shard,
  { entityId, shardId, handOver: edits = {} }: Successor,
): Promise<Shard> {
  await sync({ kind: "manual", tenantKey: job.tenantKey, event: eventOf(job.event, entityId) });
  await writeShard(stores, { ...keyOf(shard), shardId }, (current) => {
    if (!current || Object.keys(edits).length === 0) return {};
    const taken = changeShard(current, { edits: { ...rebased(edits, current, lens), ...current.edits } });
    const state = { shard: taken, source: sourceOf(current), isCurrent: false };
    return { shard: nextShard(current, state, lens, stores.now()).shard };
  });
  const isRestored = shardId === shard.id;
  const { outcome } = await writeShard(stores, keyOf(shard), (current) => {
    if (!current) return { outcome: shard };
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

/** The changed shard, unless somebody else came in between: that may change what is to be created, or whether. */
async function change(stores: ShardStores, shard: Shard, next: (current: Shard) => Shard): Promise<Shard> {
  const { shard: changed } = await writeShard(stores, keyOf(shard), (current) => {
    if (current?.revision !== shard.revision) throw new SyncFailure("shard_changed");
    return { shard: next(current) };
  });
  return changed;
}

function keyOf({ tenantId, pk, id }: Shard): ShardKey {
  return { tenantId, tenantKey: pk, shardId: id };
}
