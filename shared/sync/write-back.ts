import { asObject, type JsonObject } from "../core/json";
import type { Mapping } from "../core/mapping";
import type { RecordReader } from "../core/record-reader";
import type { Edit, Shard } from "../core/shard";
import { type NotRead, SyncFailure, type SyncResult } from "../core/sync-task";
import type { EventVersion } from "../core/version";
import { applyEvent, newestMark, type SourceEvent } from "./apply-event";
import { connectionOf, nextOrder, type RecordJob, referenceOf } from "./fetch-record";
import { type Lens, nextShard } from "./next-shard";
import { type ReversedChanges, toProviderFields } from "./reverse-transform";
import { changeShard, isLacking, sourceOf } from "./shard-state";
import { fieldOf, sameValue } from "./three-way";
import { type ShardStores, writeShard } from "./write-shard";

/** What a task needs to write back. */
export interface WriteBack {
  readonly reader: RecordReader;
  readonly job: RecordJob;
  readonly mapping: Mapping;
  readonly lens: Lens;
}

/**
 * The changes of Castiel's that the provider does not have yet: fields that were edited here and stand, as far as the
 * mapping can be read backwards. What a person has to decide first stays out, and so does a record that is not there.
 */
export function changesToWrite(shard: Shard, mapping: Mapping): ReversedChanges {
  const isReady = shard.status === "active" && shard.tombstone === undefined && !isLacking(shard);
  const standing = Object.keys(shard.edits ?? {}).filter(
    (field) => !Object.hasOwn(shard.conflict?.fields ?? {}, field),
  );
  const values = isReady ? standing.map((field) => [field, fieldOf(shard.structuredData, field)] as const) : [];
  return toProviderFields(Object.fromEntries(values), mapping);
}

/**
 * Write back. The shard that was saved before says in `outgoing` what may be on its way. Killed after the provider took
 * it, the task is repeated: a new read, or the echo that comes as an event, shows the same values on both sides, and
 * the edit is over; where nothing can be read, the same values are written once more.
 * @throws {SyncFailure} @throws {SyncDelay} @throws {WebhookError}
 */
export async function writeBack(
  stores: ShardStores,
  { reader, job, mapping, lens }: WriteBack,
  shard: Shard,
): Promise<SyncResult["writtenBack"]> {
  const reference = { ...referenceOf(job.event, shard), hint: sourceOf(shard) };
  const isDeletion = shard.localDeletion !== undefined && shard.tombstone === undefined && shard.conflict === undefined;
  const { fields, written } = isDeletion ? { fields: {}, written: {} } : changesToWrite(shard, mapping);
  if (!isDeletion && Object.keys(written).length === 0) return undefined;
  const action = isDeletion ? "delete" : "update";
  const reply = await orNotWritable(reader.write(connectionOf(job), { action, reference, fields }));
  if (reply === undefined) return undefined;
  // A provider that states no version took our write after everything that is known of the record.
  const version = reply.version ?? (isDeletion ? undefined : newestMark(shard).version);
  const echo = echoOf(job.event, { isDeletion, fields, version });
  await writeShard(stores, { tenantId: shard.tenantId, tenantKey: shard.pk, shardId: shard.id }, (current) =>
    current ? { shard: afterWriting(current, echo, written, lens, stores.now()) } : {},
  );
  return action;
}

/** Where the provider or the connection cannot be written to, Castiel's changes stay in Castiel. */
export async function orNotWritable<T>(writing: Promise<T>): Promise<T | undefined> {
  try {
    return await writing;
  } catch (error) {
    const reasons: readonly string[] = ["no_credentials", "unsupported"] satisfies readonly NotRead[];
    if (error instanceof SyncFailure && reasons.includes(error.reason)) return undefined;
    throw error;
  }
}

interface Echo {
  readonly isDeletion: boolean;
  readonly fields: JsonObject;
  readonly version: EventVersion | undefined;
}

/** What the provider is going to report of our own write. */
function echoOf(event: SourceEvent, { isDeletion, fields, version }: Echo): SourceEvent {
  const { version: _, gap: __, occurredAt: ___, ...rest } = event;
  return {
    ...rest,
    eventType: isDeletion ? "deleted" : "updated",
    ...(version === undefined ? {} : { version }),
    completeness: "partial",
    data: fields,
  };
}

/** Both sides agree on what was written. What was edited here meanwhile stands over it, and what came from there too. */
function afterWriting(current: Shard, echo: SourceEvent, written: JsonObject, lens: Lens, now: number): Shard {
  const source = sourceOf(current);
  const data = overlay(source, echo.data);
  const receivedOrder = nextOrder(echo, current, now);
  const applied = applyEvent({ ...current, structuredData: source }, { ...echo, data, receivedOrder }, current).shard;
  const edits = { ...current.edits, ...editsAfterWriting(current, written, now) };
  const stillEdited = Object.entries(edits).filter(([, edit]) => edit !== undefined);
  const shard = changeShard(applied ?? current, {
    edits: Object.fromEntries(stillEdited) as Record<string, Edit>,
    readTag: undefined,
  });
  return nextShard(current, { shard, source: applied?.structuredData ?? source, isCurrent: false }, lens, now).shard;
}

function editsAfterWriting(current: Shard, written: JsonObject, now: number): Record<string, Edit | undefined> {
  const entries = Object.entries(written).map(([field, base]) => {
    const value = fieldOf(current.structuredData, field);
    if (sameValue(value, base)) return [field, undefined] as const;
    const edit = current.edits?.[field] ?? {
      value,
      seen: value,
      by: "synchronisation",
      at: new Date(now).toISOString(),
    };
    return [field, { ...edit, base }] as const;
  });
  return Object.fromEntries(entries);
}

/** The top fields of `changes`, each laid over what the record has there. */
function overlay(record: JsonObject, changes: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(changes).map(([name, value]) => {
      const inner = asObject(value);
      const known = Object.hasOwn(record, name) ? asObject(record[name]) : undefined;
      return [name, inner && known ? { ...known, ...overlay(known, inner) } : value];
    }),
  );
}
