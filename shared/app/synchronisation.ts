import { createOutboundHttp } from "../adapters/outbound/outbound-http";
import { createCollectionChanges } from "../adapters/vendors/collection-changes";
import { createProviderDeliveries } from "../adapters/vendors/provider-deliveries";
import { createProviderHooks } from "../adapters/vendors/provider-hooks";
import { createRecordReader } from "../adapters/vendors/record-reader";
import { createVendorSessions, type VendorSessions } from "../adapters/vendors/vendor-sessions";
import type { Config } from "../config";
import type { Metrics } from "../core/metrics";
import type { Clock, Log } from "../core/ports";
import type { RateLimiter } from "../core/rate-limiter";
import type { Tracer } from "../core/tracing";
import { ChangePositions } from "../repositories/change-positions";
import { Conflicts } from "../repositories/conflicts";
import { Connections } from "../repositories/connections";
import { Deliveries } from "../repositories/deliveries";
import { Mappings } from "../repositories/mappings";
import { MatchKeys } from "../repositories/match-keys";
import { RateLimits } from "../repositories/rate-limits";
import { Shards } from "../repositories/shards";
import { SyncTasks } from "../repositories/sync-tasks";
import type { CustomRule } from "../sync/conflict-rules";
import { quotaObserver } from "../sync/limited-calls";
import { limitedChanges } from "../sync/limited-changes";
import { limitedDeliveries } from "../sync/limited-deliveries";
import { limitedHooks } from "../sync/limited-hooks";
import { limitedReader } from "../sync/limited-reader";
import { MappingSource } from "../sync/mapping-source";
import { CallLimiter } from "../usecases/call-limiter";
import { ConnectionCredentials, type CredentialDependencies } from "../usecases/connection-credentials";
import type { Services } from "../usecases/services";
import { TenantLimits } from "../usecases/tenant-limits";
import type { BackEnds } from "./back-ends";
import type { SharedState } from "./shared-state";
import { createSyncEngine } from "./sync-engine";

/** The services behind the queue. */
export type Synchronisation = Pick<
  Services,
  | "connections"
  | "shards"
  | "syncTasks"
  | "conflicts"
  | "mappings"
  | "mappingSource"
  | "customRules"
  | "rateLimits"
  | "rateLimiter"
  | "records"
  | "collectionChanges"
  | "providerHooks"
  | "providerDeliveries"
  | "sync"
>;

/** What they are made of. */
export interface SynchronisationParts {
  readonly config: Config;
  readonly backEnds: BackEnds;
  readonly shared: SharedState;
  readonly tenantKeyOf: (tenantId: string) => string;
  readonly customRules: ReadonlyMap<string, CustomRule>;
  readonly metrics: Metrics;
  readonly tracer?: Tracer | undefined;
  readonly now: Clock;
  readonly log: Log;
}

/** SyncTaskService over the providers' records, which are read and written within the limits. */
export function createSynchronisation(parts: SynchronisationParts): Synchronisation {
  const { config, backEnds, shared, tenantKeyOf, customRules, metrics, tracer, now, log } = parts;
  const { documents, secrets, queue } = backEnds;
  const connections = new Connections(documents);
  const [shards, syncTasks, conflicts] = [new Shards(documents), new SyncTasks(documents), new Conflicts(documents)];
  const mappings = new Mappings(documents);
  const mappingSource = new MappingSource(mappings, now);
  const rateLimits = new RateLimits(documents);
  const rateLimiter = new CallLimiter({
    ledger: shared.ledger,
    limits: new TenantLimits(rateLimits, tenantKeyOf),
    tenantKeyOf,
    tenantMaximum: config.callsMaximum,
    log,
  });
  const sessions = createSessions({ config, connections, secrets, limiter: rateLimiter, metrics, tracer, now, log });
  const callLimits = { limiter: rateLimiter, now };
  const records = limitedReader(createRecordReader(sessions), callLimits);
  const collectionChanges = limitedChanges(createCollectionChanges(sessions), callLimits);
  const providerDeliveries = limitedDeliveries(createProviderDeliveries(sessions), callLimits);
  const providerHooks = limitedHooks(createProviderHooks({ sessions, now }), callLimits);
  const sync = createSyncEngine({
    config,
    metrics,
    tracer,
    secrets,
    log,
    shards,
    syncTasks,
    conflicts,
    matchKeys: new MatchKeys(documents),
    mappings: mappingSource,
    customRules,
    reader: records,
    collectionChanges,
    changePositions: new ChangePositions(documents),
    deliveries: new Deliveries(documents),
    providerDeliveries,
    queue,
    now,
    retentionSeconds: config.retentionSeconds,
  });
  const stores = { connections, shards, syncTasks, conflicts, mappings, rateLimits };
  return {
    ...stores,
    mappingSource,
    customRules,
    rateLimiter,
    records,
    collectionChanges,
    providerDeliveries,
    providerHooks,
    sync,
  };
}

interface SessionParts extends CredentialDependencies {
  readonly config: Config;
  readonly limiter: RateLimiter;
  readonly metrics: Metrics;
  readonly tracer: Tracer | undefined;
}

/** Every answer of a provider tells the limits what it says of its quota. */
function createSessions({ config, limiter, metrics, tracer, ...parts }: SessionParts): VendorSessions {
  return createVendorSessions({
    onQuota: quotaObserver({ limiter, ...parts }),
    credentials: new ConnectionCredentials(parts),
    outbound: createOutboundHttp({ policy: config.outbound, timeoutMs: config.outbound.timeoutMs }),
    calls: metrics.outboundCalls,
    tracer,
    settings: config.vendors,
    now: parts.now,
    log: parts.log,
  });
}
