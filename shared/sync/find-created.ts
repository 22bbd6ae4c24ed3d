import { asObject, type JsonObject } from "../core/json";
import type { RecordPage, RecordReader } from "../core/record-reader";
import type { Shard } from "../core/shard";
import { SyncDelay, SyncFailure } from "../core/sync-task";
import { shardIdOf } from "../repositories/shards";
import { connectionOf, type RecordJob } from "./fetch-record";
import { sameValue } from "./three-way";
import type { ShardStores } from "./write-shard";

/** A shard whose record was asked for. */
export type Asked = Shard & Required<Pick<Shard, "creation">>;

/** What is looked for, and where. */
export interface CreatedSearch {
  readonly reader: RecordReader;
  readonly job: RecordJob;
  readonly shard: Asked;
}

/** Our clock and the provider's may differ by this. */
const CLOCK_MARGIN_MS = 300_000;
/** A call that is under way has ended by then: it takes half a minute at most. */
const CALL_MS = 120_000;
const PAGES_TO_SEARCH = 100;

/**
 * The id of the record that an earlier attempt made, if it did.
 * @throws {SyncFailure} `creation_uncertain` (permanent): such records cannot be listed, or are too many to be searched
 * @throws {SyncDelay} `creation_under_way`: another attempt may be asking just now
 */
export async function findCreated(
  stores: ShardStores,
  { reader, job, shard }: CreatedSearch,
): Promise<string | undefined> {
  const { firstAskedAt, lastAskedAt } = shard.creation;
  const endedAt = Date.parse(lastAskedAt) + CALL_MS;
  if (stores.now() < endedAt) throw new SyncDelay("creation_under_way", endedAt);
  const since = new Date(Date.parse(firstAskedAt) - CLOCK_MARGIN_MS).toISOString();
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_TO_SEARCH; page++) {
    const query = { entityType: shard.entityType, since, ...(cursor === undefined ? {} : { cursor }) };
    const listed = await reader.list(connectionOf(job), query).catch((error: unknown) => {
      const isUnlisted = error instanceof SyncFailure && error.reason === "unsupported";
      throw isUnlisted ? uncertain(error) : error;
    });
    for (const record of listed.records) {
      if (await isOurs(stores, shard, record)) return record.reference.entityId;
    }
    cursor = listed.cursor;
    if (cursor === undefined) return undefined;
  }
  throw uncertain();
}

function uncertain(cause?: unknown): SyncFailure {
  return new SyncFailure("creation_uncertain", { permanent: true, cause });
}

/** True for a record with the fields that were asked for, unless it was known before. */
async function isOurs(
  { shards }: ShardStores,
  { tenantId, pk, integrationId, entityType, externalId, scope, creation }: Asked,
  { reference, record, deleted }: RecordPage["records"][number],
): Promise<boolean> {
  const { entityId, idScope } = reference;
  if (deleted === true || entityId === externalId || !holds(record, creation.fields)) return false;
  if (scope !== undefined && reference.scope !== undefined && reference.scope !== scope) return false;
  const shardId = shardIdOf({ tenantId, integrationId, entityType, idScope, entityId });
  const known = await shards.get({ tenantId, tenantKey: pk, shardId });
  return known === undefined || known.createdAt >= creation.firstAskedAt;
}

/** True if the record has every one of the fields, at any depth. */
function holds(record: JsonObject, fields: JsonObject): boolean {
  return Object.entries(fields).every(([name, value]) => {
    const [known, inner] = [asObject(record[name]), asObject(value)];
    return known && inner ? holds(known, inner) : sameValue(record[name], value);
  });
}
