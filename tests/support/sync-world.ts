import type { Conflict } from "../../shared/core/conflict";
import type { Mapping } from "../../shared/core/mapping";
import type { RecordReader } from "../../shared/core/record-reader";
import type { Shard } from "../../shared/core/shard";
import type { SyncTask } from "../../shared/core/sync-task";
import type { WebhookEvent } from "../../shared/core/webhook-event";
import { ChangePositions } from "../../shared/repositories/change-positions";
import { Conflicts } from "../../shared/repositories/conflicts";
import { Mappings } from "../../shared/repositories/mappings";
import { MatchKeys } from "../../shared/repositories/match-keys";
import { shardIdOf, Shards } from "../../shared/repositories/shards";
import { SyncTasks } from "../../shared/repositories/sync-tasks";
import { builtInCustomRules, type CustomRule } from "../../shared/sync/conflict-rules";
import { MappingSource } from "../../shared/sync/mapping-source";
import { createSyncTaskService } from "../../shared/sync/sync-task-service";
import { putMapping } from "../../shared/usecases/put-mapping";
import type { Services } from "../../shared/usecases/services";
import { openTestStore } from "../adapters/sqlite/open-test-store";
import { Killed, MortalStore } from "./mortal-store";
import { openTestApp, type TestApp } from "./test-app";

/** What a test of the pipeline asks for. */
export interface WorldOptions {
  /** By default the app's own, which has no credentials. */
  readonly reader?: RecordReader;
  /** Of `Contact` of Salesforce, for tenant-123. */
  readonly mapping?: Mapping;
  readonly customRules?: ReadonlyMap<string, CustomRule>;
  /** Settings of the app. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The engine on a real store that can be made to die, and the verbs to see what it did. */
export interface SyncWorld {
  readonly app: TestApp;
  readonly services: Services;
  readonly store: MortalStore;
  readonly tenant: { readonly tenantId: string; readonly tenantKey: string };
  /** The webhook that the events of `sync` come by. */
  readonly registrationId: string;
  /** One task, of one event or of several of one record. */
  sync(event: WebhookEvent, ...further: readonly WebhookEvent[]): Promise<SyncTask>;
  /** The same in another process, which shares nothing but the store. */
  syncElsewhere(event: WebhookEvent): Promise<SyncTask>;
  /** The primary shard of a record; fails the test if there is none. */
  shard(entityId?: string, integrationId?: string): Promise<Shard>;
  shards(filter?: Partial<Pick<Shard, "shardTypeId" | "status">>): Promise<readonly Shard[]>;
  conflicts(status?: Conflict["status"]): Promise<readonly Conflict[]>;
  tasks(): Promise<readonly SyncTask[]>;
  /** Repeats what was killed, as the queue repeats a task and a caller a request. */
  untilDone<T>(work: () => Promise<T>): Promise<T>;
  map(mapping: Mapping, integrationId?: string, entityType?: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens it at noon; `close()` it when done. `openReader` is given the clock. */
export async function openSyncWorld(
  options: WorldOptions = {},
  openReader?: (now: () => number) => RecordReader,
): Promise<SyncWorld> {
  const app = await openTestApp(options.env);
  const documents = openTestStore();
  const store = new MortalStore(documents.documents);
  const { now } = app.services;
  const reader = options.reader ?? openReader?.(now) ?? app.services.records;
  const [conflicts, syncTasks] = [new Conflicts(store), new SyncTasks(store)];
  const mappings = new Mappings(store);
  const mappingSource = new MappingSource(mappings, now);
  const customRules = options.customRules ?? builtInCustomRules;
  const parts = {
    conflicts,
    syncTasks,
    matchKeys: new MatchKeys(store),
    mappings: mappingSource,
    customRules,
    reader,
    collectionChanges: app.services.collectionChanges,
    changePositions: new ChangePositions(store),
    queue: app.services.queue,
    now,
    retentionSeconds: 86_400,
  };
  const shards = new Shards(store);
  const sync = createSyncTaskService({ ...parts, shards });
  const elsewhere = createSyncTaskService({ ...parts, shards: new Shards(store) });
  const services: Services = {
    ...app.services,
    shards,
    conflicts,
    syncTasks,
    mappings,
    mappingSource,
    customRules,
    sync,
  };
  const tenant = { tenantId: "tenant-123", tenantKey: services.tenantKeyOf("tenant-123") };
  const registrationId = (await app.register()).registrationId;
  const world: SyncWorld = {
    app,
    services,
    store,
    tenant,
    registrationId,
    sync: (event, ...further) => {
      const own = (one: WebhookEvent): WebhookEvent => ({ ...one, registrationId });
      return sync.enqueueSyncTask({ events: [own(event), ...further.map(own)], attempt: 1 });
    },
    syncElsewhere: (event) => elsewhere.enqueueSyncTask({ events: [{ ...event, registrationId }], attempt: 1 }),
    shard: async (entityId = "003", integrationId = "salesforce") => {
      const key = { tenantId: tenant.tenantId, integrationId, entityType: "Contact", entityId };
      const shard = await shards.get({ ...tenant, shardId: shardIdOf(key) });
      if (!shard) throw new Error(`there is no shard of ${entityId}`);
      return shard;
    },
    shards: async (filter = {}) => (await shards.list(tenant, { ...filter, limit: 1000 })).items,
    conflicts: async (status = "open") => (await conflicts.list(tenant, { status, limit: 1000 })).items,
    tasks: async () => (await syncTasks.list(tenant, { limit: 1000 })).items,
    untilDone: async (work) => {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
          store.revive();
        }
      }
    },
    map: async (mapping, integrationId = "salesforce", entityType = "Contact") => {
      await putMapping(services, { ...tenant, integrationId, entityType, subject: "owner" }, mapping);
    },
    close: async () => {
      await documents.close();
      await app.close();
    },
  };
  if (options.mapping) await world.map(options.mapping);
  return world;
}
