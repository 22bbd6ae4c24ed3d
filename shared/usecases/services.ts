import type { CollectionChanges } from "../core/collection-changes";
import type { AlertSender } from "../core/alert-sender";
import type { Metrics } from "../core/metrics";
import type { OutboundHttp, OutboundPolicy } from "../core/outbound";
import type { HoldBounds } from "../core/pause";
import type { Clock, EventQueue, Log, PayloadStore, SecretStore } from "../core/ports";
import type { Provider } from "../core/provider";
import type { ProviderHooks } from "../core/provider-hook";
import type { ProviderDeliveries } from "../core/provider-deliveries";
import type { RecordReader } from "../core/record-reader";
import type { RateLimiter } from "../core/rate-limiter";
import type { SyncTaskService } from "../core/sync-task";
import type { TokenBuckets } from "../core/token-bucket";
import type { QueueLabel } from "../core/traced-queue";
import type { Tracer } from "../core/tracing";
import type { Activities } from "../repositories/activities";
import type { AuditLog } from "../repositories/audit-log";
import type { AlertChannels } from "../repositories/alert-channels";
import type { Alerts } from "../repositories/alerts";
import type { Connections } from "../repositories/connections";
import type { Deliveries } from "../repositories/deliveries";
import type { HeldEvents } from "../repositories/held-events";
import type { HookLedgers } from "../repositories/hook-ledgers";
import type { RateLimits } from "../repositories/rate-limits";
import type { Conflicts } from "../repositories/conflicts";
import type { KeptRequests } from "../repositories/kept-requests";
import type { Mappings } from "../repositories/mappings";
import type { Repairs } from "../repositories/repairs";
import type { Replays } from "../repositories/replays";
import type { Registrations } from "../repositories/registrations";
import type { Routes } from "../repositories/routes";
import type { Shards } from "../repositories/shards";
import type { SyncTasks } from "../repositories/sync-tasks";
import type { CustomRule } from "../sync/conflict-rules";
import type { MappingSource } from "../sync/mapping-source";
import type { Gatherer } from "./gatherer";
import type { RegistrationCache } from "./registration-cache";
import type { RequestKeeper } from "./request-keeper";
import type { RouteCache } from "./route-cache";

/** Figures that rule the use cases, from the configuration. */
export interface Rules {
  /** Without a slash at its end. */
  readonly publicBaseUrl: string;
  /** Of the product. */
  readonly version: string;
  readonly toleranceSeconds: number;
  readonly maxBodyBytes: number;
  readonly queueTimeoutMs: number;
  readonly healthWindowMs: number;
  readonly retentionSeconds: number;
  readonly auditRetentionSeconds: number;
  /** 0: a secret never is too old. */
  readonly secretMaxAgeMs: number;
  /** How long two secrets verify at most, and how long only the new one has to be seen for the old one to be retired. */
  readonly rotationOverlapSeconds: number;
  readonly rotationQuietSeconds: number;
  /** Events that had their effect are kept with their delivery records. */
  readonly keepsEvents: boolean;
  readonly holdBounds: HoldBounds;
  /** Where calls of ours may go. */
  readonly outbound: OutboundPolicy;
  /** Where alerts may go, by the kind of the channel. */
  readonly channelPolicies: Readonly<Record<"slack" | "teams" | "webhook", OutboundPolicy>>;
  /** Domains that alerts may be mailed to; absent where there is no sender of mail. */
  readonly mailDomains?: readonly string[];
  /** Calls a minute to providers that a tenant may allow itself. */
  readonly callsMaximum: number;
  readonly syncEngine: SyncEngineKind;
  /** What traces call the event queue. */
  readonly queue: QueueLabel;
}

/** Who does the sync tasks: SyncTaskService itself, or an engine that they are forwarded to. */
export type SyncEngineKind = "built_in" | "external";

/** Everything a use case may use; made once, in `app.ts`. */
export interface Services {
  readonly rules: Rules;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly registrations: Registrations;
  readonly deliveries: Deliveries;
  readonly activities: Activities;
  readonly alerts: Alerts;
  readonly alertChannels: AlertChannels;
  readonly alertSender: AlertSender;
  readonly connections: Connections;
  readonly shards: Shards;
  readonly syncTasks: SyncTasks;
  readonly conflicts: Conflicts;
  readonly repairs: Repairs;
  readonly replays: Replays;
  readonly heldEvents: HeldEvents;
  readonly auditLog: AuditLog;
  readonly mappings: Mappings;
  readonly mappingSource: MappingSource;
  /** Rules of the conflict strategy `custom`, by name. */
  readonly customRules: ReadonlyMap<string, CustomRule>;
  readonly routes: Routes;
  readonly cache: RegistrationCache;
  readonly routeCache: RouteCache;
  readonly gatherer: Gatherer;
  /** What this process counts. */
  readonly metrics: Metrics;
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer | undefined;
  readonly secrets: SecretStore;
  readonly queue: EventQueue;
  readonly payloads: PayloadStore;
  readonly keptRequests: KeptRequests;
  readonly requestKeeper: RequestKeeper;
  /** The records at the providers, by the connections' credentials. */
  readonly records: RecordReader;
  /** What changed within collections there, likewise. */
  readonly collectionChanges: CollectionChanges;
  /** What we make at the providers, so that they deliver. */
  readonly providerHooks: ProviderHooks;
  readonly hookLedgers: HookLedgers;
  /** The deliveries that the providers remember, likewise. */
  readonly providerDeliveries: ProviderDeliveries;
  readonly sync: SyncTaskService;
  /** Calls our own front door; absent where the canary is off. */
  readonly canary?: Pick<OutboundHttp, "send">;
  readonly limits: Limits;
  readonly rateLimits: RateLimits;
  /** Of the calls that we make to providers. */
  readonly rateLimiter: RateLimiter;
  /** The partition key of a tenant. */
  readonly tenantKeyOf: (tenantId: string) => string;
  readonly now: Clock;
  /** A random id: 32 lower-case hex digits, 122 bits of chance. */
  readonly newId: () => string;
  readonly log: Log;
}

/** Buckets of the receive path. */
export interface Limits {
  readonly perRegistration: TokenBuckets;
  readonly perTenant: TokenBuckets;
  /** By registration and source address: attempts that were not verified. */
  readonly unverified: TokenBuckets;
  /** By registration: refusals that are looked into, since that takes longer than refusing. */
  readonly explanations: TokenBuckets;
  /** By registration: kilobytes of unverified requests that are kept, which anybody may send who knows the URL. */
  readonly keptRefusals: TokenBuckets;
  /** By tenant: test messages of alert channels. */
  readonly testMessages: TokenBuckets;
}
