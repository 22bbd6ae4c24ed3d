import { createHmac, randomUUID } from "node:crypto";
import { version } from "../package.json";
import { type Access, createAccess } from "./app/access";
import { createAlerting } from "./app/alerting";
import type { BackEnds } from "./app/back-ends";
import { createCanaryHttp } from "./app/canary";
import { NotConfigured } from "./app/not-configured";
import { openSharedState, type SharedState } from "./app/shared-state";
import { createSynchronisation } from "./app/synchronisation";
import { openTracing, withTracing } from "./app/tracing";
import { type Config, ConfigError, readConfig } from "./config";
import { Metrics } from "./core/metrics";
import type { Clock, Log, LockingQueue } from "./core/ports";
import type { Provider } from "./core/provider";
import { tenantKeyOf } from "./core/registration-id";
import { createSealer } from "./core/sealer";
import { TokenBuckets } from "./core/token-bucket";
import type { Tracer } from "./core/tracing";
import { createProviders } from "./providers/registry";
import { Activities } from "./repositories/activities";
import { AuditLog } from "./repositories/audit-log";
import { Deliveries } from "./repositories/deliveries";
import { HeldEvents } from "./repositories/held-events";
import { HookLedgers } from "./repositories/hook-ledgers";
import { KeptRequests } from "./repositories/kept-requests";
import { Repairs } from "./repositories/repairs";
import { Replays } from "./repositories/replays";
import { Registrations } from "./repositories/registrations";
import { Routes } from "./repositories/routes";
import { builtInCustomRules, type CustomRule } from "./sync/conflict-rules";
import { Gatherer } from "./usecases/gatherer";
import { readInstallationKey } from "./usecases/installation-key";
import { RegistrationCache } from "./usecases/registration-cache";
import { RequestKeeper } from "./usecases/request-keeper";
import { RouteCache } from "./usecases/route-cache";
import type { Limits, Services as UseCaseServices } from "./usecases/services";

/** What the HTTP edge needs besides the use cases' services: who may call. */
export interface Services extends UseCaseServices {
  readonly access: Access;
}

/** The running app: what the function files use, and what a host that embeds it needs. */
export interface App {
  readonly config: Config;
  readonly services: Services;
  /** The receiving side of the embedded queue; absent in Azure, where the platform drains the queue. */
  readonly lockingQueue?: LockingQueue;
  /** Tells the app its own address, for a host that learns its port only when it listens. */
  setPublicBaseUrl(url: string): void;
  /** Writes what waits in memory and closes the store. */
  close(): Promise<void>;
}

/** What a host or a test may put in the place of the surroundings. */
export interface AppOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly log?: Log;
  readonly now?: Clock;
  /** Rules of the conflict strategy `custom`, by name, besides those that come with the product. */
  readonly customRules?: ReadonlyMap<string, CustomRule>;
}

const BURST_SECONDS = 10;
/** Of one webhook. The next refusal is most often like the last one, and looking into it may take some milliseconds. */
const EXPLANATIONS_PER_SECOND = 1;
/** Of one webhook, in kilobytes: 64 MB at once, and as much again in six hours. */
const KEPT_REFUSALS = { ratePerSecond: 3, burst: 64 * 1024 } as const;
/** Of one tenant: ten at once, then one a second. They go to people. */
const TEST_MESSAGES_PER_SECOND = 1;

let running: Promise<App> | undefined;
let current: App | undefined;

/**
 * Builds the app that the function files use, once per process: later calls answer the same one until it is closed.
 * @throws {ConfigError} @throws {DataFolderError} @throws {WebhookError} a back end does not answer
 */
export function startApp(options: AppOptions = {}): Promise<App> {
  running ??= createApp(options).then((app) => {
    current = {
      ...app,
      close: async () => {
        running = current = undefined;
        await app.close();
      },
    };
    return current;
  });
  running.catch(() => (running = undefined));
  return running;
}

/**
 * The services that the function files use; builds the app from the environment if nobody has yet. At hand at once after
 * the first time, because every request asks.
 * @throws {NotConfigured} @throws {WebhookError} a back end does not answer; the next call tries again
 */
export function getServices(): Services | Promise<Services> {
  return current?.services ?? startApp().then((app) => app.services, tellWhyNot);
}

let toldWhyNot: string | undefined;

/** One line in the log for each reason, not one for each request. */
async function tellWhyNot(error: unknown): Promise<never> {
  const reason = String(error);
  if (reason !== toldWhyNot) console.error(JSON.stringify({ level: "error", event: "app.not_started", reason }));
  toldWhyNot = reason;
  if (error instanceof ConfigError) throw new NotConfigured(error.problems, await createAccess(error.access));
  throw error;
}

/** Builds an app of its own, for tests and tools: nothing is shared with any other. */
export async function createApp(options: AppOptions = {}): Promise<App> {
  const config = readConfig(options.env);
  const tracing = await openTracing(config, version, options.log ?? consoleLog(config));
  const { tracer, log } = tracing;
  const now = options.now ?? Date.now;
  const backEnds = withTracing(await openBackEnds(config, now, log), tracing);
  const rules = {
    publicBaseUrl: config.publicBaseUrl ?? `http://localhost:${config.port}`,
    version,
    toleranceSeconds: config.toleranceSeconds,
    maxBodyBytes: config.maxBodyBytes,
    queueTimeoutMs: config.queueTimeoutMs,
    healthWindowMs: config.healthWindowMs,
    retentionSeconds: config.retentionSeconds,
    auditRetentionSeconds: config.auditRetentionSeconds,
    secretMaxAgeMs: config.secretMaxAgeMs,
    rotationOverlapSeconds: config.rotationOverlapSeconds,
    rotationQuietSeconds: config.rotationQuietSeconds,
    keepsEvents: config.keepsEvents,
    holdBounds: config.holdBounds,
    callsMaximum: config.callsMaximum,
    outbound: config.outbound,
    channelPolicies: config.alerts.policies,
    ...(config.mail && { mailDomains: config.mail.domains }),
    syncEngine: config.syncEngine ? ("external" as const) : ("built_in" as const),
    queue: tracing.queue,
  };
  const customRules = new Map([...builtInCustomRules, ...(options.customRules ?? [])]);
  const parts = { config, backEnds, rules, customRules, metrics: new Metrics(), tracer, log, now };
  const { services, shared } = await compose(parts).catch(async (error: unknown) => {
    await backEnds.close();
    throw error;
  });
  const { lockingQueue } = backEnds;
  return {
    config,
    services,
    ...(lockingQueue === undefined ? {} : { lockingQueue }),
    setPublicBaseUrl: (url) => {
      if (config.publicBaseUrl === undefined) rules.publicBaseUrl = url;
    },
    close: async () => {
      await Promise.all([services.gatherer.flush(), services.requestKeeper.flush()]);
      shared.close();
      await backEnds.close();
    },
  };
}

/** Each set is loaded only where it is used: the Azure clients take a third of a second, SQLite has to be there. */
async function openBackEnds(config: Config, now: Clock, log: Log): Promise<BackEnds> {
  const { backEnds } = config;
  if (backEnds.kind === "azure")
    return (await import("./app/azure-back-ends.js")).openAzureBackEnds(backEnds, now, log);
  return (await import("./app/embedded-back-ends.js")).openEmbeddedBackEnds(backEnds, now, log);
}

interface Parts {
  readonly config: Config;
  readonly backEnds: BackEnds;
  readonly rules: UseCaseServices["rules"];
  readonly customRules: ReadonlyMap<string, CustomRule>;
  readonly metrics: Metrics;
  readonly tracer: Tracer | undefined;
  readonly log: Log;
  readonly now: Clock;
}

async function compose(parts: Parts): Promise<{ readonly services: Services; readonly shared: SharedState }> {
  const { config, backEnds, log, now } = parts;
  const installationKey = await readInstallationKey(backEnds.documents, backEnds.secrets);
  const shared = await openSharedState({ url: config.redisUrl, installationKey, log, now });
  const keyOf = (tenantId: string): string => tenantKeyOf(installationKey, tenantId);
  const requestKey = createHmac("sha256", installationKey).update("kept requests").digest();
  return { services: await createServices({ ...parts, shared, tenantKeyOf: keyOf, requestKey }), shared };
}

interface ServiceParts extends Parts {
  readonly shared: SharedState;
  readonly tenantKeyOf: (tenantId: string) => string;
  /** Seals the requests that are kept. */
  readonly requestKey: Buffer;
}

async function createServices(parts: ServiceParts): Promise<Services> {
  const { config, backEnds, shared, rules, log, now } = parts;
  const { documents, queue, secrets, payloads } = backEnds;
  const providers: ReadonlyMap<string, Provider> = createProviders({
    googleCertificatesUrl: config.googleCertificatesUrl,
  });
  const registrations = new Registrations(documents);
  const deliveries = new Deliveries(documents);
  const activities = new Activities(documents, Math.random);
  const routes = new Routes(documents);
  const keptRequests = new KeptRequests(payloads, createSealer(parts.requestKey));
  return {
    ...createSynchronisation(parts),
    ...createAlerting(parts),
    rules,
    metrics: parts.metrics,
    tracer: parts.tracer,
    providers,
    registrations,
    deliveries,
    activities,
    hookLedgers: new HookLedgers(documents),
    routes,
    repairs: new Repairs(documents),
    replays: new Replays(documents),
    heldEvents: new HeldEvents(documents),
    auditLog: new AuditLog(documents),
    cache: new RegistrationCache({
      registrations,
      secrets,
      providers,
      now,
      maxEntries: config.cacheMaxRegistrations,
      ...(shared.copies ? { copies: shared.copies } : {}),
    }),
    routeCache: new RouteCache({ routes, now, maxEntries: config.cacheMaxRegistrations }),
    gatherer: new Gatherer({ activities, deliveries, windowMs: config.healthWindowMs, log }),
    secrets,
    queue,
    payloads,
    keptRequests,
    requestKeeper: new RequestKeeper(keptRequests, log),
    limits: createLimits(config),
    ...(config.canary ? { canary: createCanaryHttp(rules, config.outbound.timeoutMs) } : {}),
    tenantKeyOf: parts.tenantKeyOf,
    now,
    newId: () => randomUUID().replaceAll("-", ""),
    log,
    access: await createAccess(config),
  };
}

function createLimits({ ratePerSecond, cacheMaxRegistrations }: Config): Limits {
  const buckets = (rate: number): TokenBuckets =>
    new TokenBuckets({ ratePerSecond: rate, burst: rate * BURST_SECONDS, maxKeys: cacheMaxRegistrations });
  return {
    perRegistration: buckets(ratePerSecond.registration),
    perTenant: buckets(ratePerSecond.tenant),
    unverified: buckets(ratePerSecond.unverified),
    explanations: buckets(EXPLANATIONS_PER_SECOND),
    keptRefusals: new TokenBuckets({ ...KEPT_REFUSALS, maxKeys: cacheMaxRegistrations }),
    testMessages: buckets(TEST_MESSAGES_PER_SECOND),
  };
}

/** One JSON object a line, for a host that collects standard output. */
function consoleLog({ logLevel }: Config): Log {
  const levels = ["debug", "info", "warn", "error"] as const;
  const least = levels.indexOf(logLevel);
  return (level, event, fields) => {
    if (levels.indexOf(level) >= least) console.log(JSON.stringify({ level, event, ...fields }));
  };
}
