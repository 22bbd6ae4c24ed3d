import type { Mapping } from "../core/mapping";
import type { RecordReader } from "../core/record-reader";
import type { Shard } from "../core/shard";
import { SyncFailure, type SyncResult, type SyncTask } from "../core/sync-task";
import { type ShardKey, shardIdOf } from "../repositories/shards";
import { type Deduplication, deduplicate } from "./deduplicate";
import { createAnew, isToBeCreated } from "./create-anew";
import { saveDerived } from "./derive-shards";
import { type Fetched, fetchRecord, type RecordJob } from "./fetch-record";
import { primaryLens } from "./lens";
import { takeIn } from "./merge-shards";
import { type PlannedShard, planShard } from "./plan-shard";
import type { Stopwatch } from "./stopwatch";
import { writeBack } from "./write-back";
import { writeShard } from "./write-shard";

/** What synchronising a record takes. */
export interface RecordDependencies extends Deduplication {
  readonly reader: RecordReader;
}

/** What a task records of it. */
export type RecordOutcome = Pick<SyncTask, "source" | "notRead"> & { readonly result: SyncResult };

/**
 * One record through the pipeline: fetch → transform and resolve conflicts → save → deduplicate → derive → write back.
 * Every step begins from what is stored and ends in one write, and what a step leaves behind tells the next one what to
 * do. So a task that is killed anywhere is repeated from its start, with the same effect.
 * @throws {SyncFailure} @throws {SyncDelay} @throws {WebhookError}
 */
export async function syncRecord(
  dependencies: RecordDependencies,
  job: RecordJob,
  stopwatch: Stopwatch,
): Promise<RecordOutcome> {
  try {
    return await runSteps(dependencies, job, stopwatch);
  } catch (error) {
    // The store has a limit, and no repetition makes the record, or what it is merged with, smaller.
    if (error instanceof RangeError) throw new SyncFailure("record_too_large", { permanent: true, cause: error });
    throw error;
  }
}

async function runSteps(
  dependencies: RecordDependencies,
  job: RecordJob,
  stopwatch: Stopwatch,
): Promise<RecordOutcome> {
  const { tenantId, integrationId, entityType } = job.event;
  const mapping = await dependencies.mappings.find({ tenantId, tenantKey: job.tenantKey, integrationId, entityType });
  const { planned, fetched } = await saveRecord(dependencies, job, mapping, stopwatch);
  const { change, settled } = planned;
  const read = {
    ...(fetched.source === undefined ? {} : { source: fetched.source }),
    ...(fetched.notRead === undefined ? {} : { notRead: fetched.notRead }),
  };
  if (planned.outcome === undefined) return { ...read, result: { change } };
  const { shard, ...created } = await create(
    dependencies,
    job,
    { shard: planned.outcome, mapping, fetched },
    stopwatch,
  );
  const shown = await showRecord(dependencies, shard, mapping, stopwatch);
  const writtenBack = await stopwatch.time("write_back", () =>
    writeChanges(dependencies, job, { shard, mapping, fetched }),
  );
  return {
    ...read,
    result: {
      change,
      shardId: shown.shardId,
      ...(shown.shardId === shard.id ? {} : { mergedShardId: shard.id }),
      ...(shown.derived > 0 ? { derived: shown.derived } : {}),
      ...(settled.length > 0 ? { settledConflicts: settled } : {}),
      ...(shard.conflict ? { conflictId: shard.conflict.id } : {}),
      ...(shard.issues ? { missingFields: shard.issues.map(({ field }) => field) } : {}),
      ...(writtenBack ? { writtenBack } : {}),
      ...created,
    },
  };
}

interface Saved {
  readonly planned: PlannedShard;
  readonly fetched: Fetched;
}

/**
 * Reads what is stored before it asks the provider, and saves only if nobody came in between: where two tasks are at the
 * same record, the one that comes second asks again, and so never puts an older answer over a newer one.
 */
async function saveRecord(
  dependencies: RecordDependencies,
  job: RecordJob,
  mapping: Mapping | undefined,
  stopwatch: Stopwatch,
): Promise<Saved> {
  const { reader, customRules, now } = dependencies;
  const key = shardKeyOf(job);
  const lens = primaryLens(mapping, job.event.entityType, customRules);
  const plan = async (current: Shard | undefined): Promise<Saved & { readonly shard?: Shard }> => {
    const fetched = await stopwatch.time("fetch", () => fetchRecord(reader, job, current, now()));
    const mayWriteBack = mayWrite(mapping, fetched);
    const ids = { id: key.shardId, pk: key.tenantKey };
    const planned = await stopwatch.time("transform", () =>
      planShard({ key: ids, current, fetched, mapping, lens, mayWriteBack, now: now() }),
    );
    return { planned, fetched, ...(planned.shard ? { shard: planned.shard } : {}) };
  };
  return stopwatch.time("save", () => writeShard(dependencies, key, plan));
}

/** Deduplicates and derives. Answers the shard that shows the record, and how many derived shards were written. */
async function showRecord(
  dependencies: RecordDependencies,
  shard: Shard,
  mapping: Mapping | undefined,
  stopwatch: Stopwatch,
): Promise<{ readonly shardId: string; readonly derived: number }> {
  if (shard.mergedInto !== undefined) return { shardId: (await takeIn(dependencies, shard)).id, derived: 0 };
  const survivor = await stopwatch.time("deduplicate", () =>
    mapping?.deduplicate ? deduplicate(dependencies, shard, mapping) : shard,
  );
  if (survivor.id !== shard.id) return { shardId: survivor.id, derived: 0 };
  const derived = await stopwatch.time("derive", () =>
    saveDerived(dependencies, shard, { mapping, customRules: dependencies.customRules }),
  );
  return { shardId: shard.id, derived };
}

interface Written {
  readonly shard: Shard;
  readonly mapping: Mapping | undefined;
  readonly fetched: Fetched;
}

/** Makes a record anew that Castiel keeps and its provider deleted; before the rest, because it ends this shard. */
async function create(
  dependencies: RecordDependencies,
  job: RecordJob,
  { shard, mapping, fetched }: Written,
  stopwatch: Stopwatch,
): Promise<{ readonly shard: Shard } & Pick<SyncResult, "writtenBack" | "createdShardId">> {
  const { reader, customRules } = dependencies;
  if (!mapping || !mayWrite(mapping, fetched) || !isToBeCreated(shard)) return { shard };
  const lens = primaryLens(mapping, job.event.entityType, customRules);
  const sync = (other: RecordJob): Promise<unknown> => syncRecord(dependencies, other, stopwatch);
  const creation = { reader, job, mapping, lens, sync };
  const after = await stopwatch.time("write_back", () => createAnew(dependencies, creation, shard));
  if (after === shard) return { shard };
  const createdShardId = after.successor?.shardId ?? after.id;
  return { shard: after, writtenBack: "create", createdShardId };
}

async function writeChanges(
  dependencies: RecordDependencies,
  job: RecordJob,
  { shard, mapping, fetched }: Written,
): Promise<SyncResult["writtenBack"]> {
  const { reader, customRules } = dependencies;
  if (!mapping || !mayWrite(mapping, fetched)) return undefined;
  const lens = primaryLens(mapping, job.event.entityType, customRules);
  return writeBack(dependencies, { reader, job, mapping, lens }, shard);
}

function mayWrite(mapping: Mapping | undefined, { notRead }: Fetched): boolean {
  return mapping?.direction === "bidirectional" && notRead !== "no_credentials";
}

function shardKeyOf({ tenantKey, event }: RecordJob): ShardKey {
  return { tenantId: event.tenantId, tenantKey, shardId: shardIdOf(event) };
}
