import { randomBytes, randomUUID } from "node:crypto";
import { version } from "../package.json";
import type { OidcOptions } from "./adapters/oidc/token-verifier";
import { openSqlite, type SqliteStore } from "./adapters/sqlite/database";
import { type Config, readConfig } from "./config";
import type { ApiToken, TokenVerifier } from "./core/caller";
import type { Clock, Log, LockingQueue, SecretStore } from "./core/ports";
import type { Provider } from "./core/provider";
import { tenantKeyOf } from "./core/registration-id";
import { TokenBuckets } from "./core/token-bucket";
import { createProviders } from "./providers/registry";
import { Activities } from "./repositories/activities";
import { Deliveries } from "./repositories/deliveries";
import { Registrations } from "./repositories/registrations";
import { Shards } from "./repositories/shards";
import { SyncTasks } from "./repositories/sync-tasks";
import { createSyncTaskService } from "./sync/sync-task-service";
import { Gatherer } from "./usecases/gatherer";
import { RegistrationCache } from "./usecases/registration-cache";
import type { Limits, Services as UseCaseServices } from "./usecases/services";

/** What the HTTP edge needs besides the use cases' services: who may call. */
export interface Services extends UseCaseServices {
  readonly access: {
    readonly apiTokens: readonly ApiToken[];
    readonly tokenVerifier?: TokenVerifier;
    /** Set only where nothing else is configured (DESIGN 6). */
    readonly defaultToken?: { readonly token: string; readonly tenantId: string };
  };
}

/** The running app: what the function files use, and what a host that embeds it needs. */
export interface App {
  readonly config: Config;
  readonly services: Services;
  readonly embedded: { readonly queue: LockingQueue };
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
}

const INSTALLATION_KEY = "installation-key";
const BURST_SECONDS = 10;

let running: Promise<App> | undefined;
let current: App | undefined;

/**
 * Builds the app that the function files use, once per process: later calls answer the same one until it is closed.
 * @throws {ConfigError} @throws {DataFolderError}
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
 */
export function getServices(): Services | Promise<Services> {
  return current?.services ?? startApp().then((app) => app.services);
}

/** Builds an app of its own, for tests and tools: nothing is shared with any other. */
export async function createApp(options: AppOptions = {}): Promise<App> {
  const config = readConfig(options.env);
  const log = options.log ?? consoleLog(config);
  const now = options.now ?? Date.now;
  const store = openSqlite({ dataDirectory: config.dataDirectory, now, log });
  const rules = {
    publicBaseUrl: config.publicBaseUrl ?? `http://localhost:${config.port}`,
    version,
    toleranceSeconds: config.toleranceSeconds,
    maxBodyBytes: config.maxBodyBytes,
    queueTimeoutMs: config.queueTimeoutMs,
    healthWindowMs: config.healthWindowMs,
    retentionSeconds: config.retentionSeconds,
  };
  const services = await createServices({ config, store, rules, log, now });
  return {
    config,
    services,
    embedded: { queue: store.queue },
    setPublicBaseUrl: (url) => {
      if (config.publicBaseUrl === undefined) rules.publicBaseUrl = url;
    },
    close: async () => {
      await services.gatherer.flush();
      await store.close();
    },
  };
}

interface Parts {
  readonly config: Config;
  readonly store: SqliteStore;
  readonly rules: UseCaseServices["rules"];
  readonly log: Log;
  readonly now: Clock;
}

async function createServices({ config, store, rules, log, now }: Parts): Promise<Services> {
  const installationKey = await readInstallationKey(store.secrets);
  const providers: ReadonlyMap<string, Provider> = createProviders({
    googleCertificatesUrl: config.googleCertificatesUrl,
  });
  const registrations = new Registrations(store.documents);
  const deliveries = new Deliveries(store.documents);
  const activities = new Activities(store.documents);
  const shards = new Shards(store.documents);
  const syncTasks = new SyncTasks(store.documents);
  return {
    rules,
    providers,
    registrations,
    deliveries,
    activities,
    shards,
    syncTasks,
    cache: new RegistrationCache({
      registrations,
      secrets: store.secrets,
      providers,
      now,
      maxEntries: config.cacheMaxRegistrations,
    }),
    gatherer: new Gatherer({ activities, deliveries, windowMs: config.healthWindowMs, log }),
    secrets: store.secrets,
    queue: store.queue,
    payloads: store.payloads,
    sync: createSyncTaskService({ shards, syncTasks, now, retentionSeconds: config.retentionSeconds }),
    limits: createLimits(config),
    tenantKeyOf: (tenantId) => tenantKeyOf(installationKey, tenantId),
    now,
    newId: () => randomUUID().replaceAll("-", ""),
    log,
    access: await createAccess(config),
  };
}

/** Made on the first start and never changed: every registration id depends on it. */
async function readInstallationKey(secrets: SecretStore): Promise<string> {
  const known = await secrets.get(INSTALLATION_KEY);
  if (known !== undefined) return known;
  const made = randomBytes(32).toString("base64");
  await secrets.set(INSTALLATION_KEY, made);
  return made;
}

function createLimits({ ratePerSecond, cacheMaxRegistrations }: Config): Limits {
  const buckets = (rate: number): TokenBuckets =>
    new TokenBuckets({ ratePerSecond: rate, burst: rate * BURST_SECONDS, maxKeys: cacheMaxRegistrations });
  return {
    perRegistration: buckets(ratePerSecond.registration),
    perTenant: buckets(ratePerSecond.tenant),
    unverified: buckets(ratePerSecond.unverified),
  };
}

async function createAccess({ apiTokens, oidc, usesDefaultToken }: Config): Promise<Services["access"]> {
  return {
    apiTokens,
    ...(oidc ? { tokenVerifier: await createVerifier(oidc) } : {}),
    ...(usesDefaultToken ? { defaultToken: { token: "test-token", tenantId: "tenant-123" } } : {}),
  };
}

/** Loaded only where it is used, because jose takes 15 MB. */
async function createVerifier(oidc: OidcOptions): Promise<TokenVerifier> {
  const { createTokenVerifier } = await import("./adapters/oidc/token-verifier.js");
  return createTokenVerifier(oidc);
}

/** One JSON object a line, for a host that collects standard output. */
function consoleLog({ logLevel }: Config): Log {
  const levels = ["debug", "info", "warn", "error"] as const;
  const least = levels.indexOf(logLevel);
  return (level, event, fields) => {
    if (levels.indexOf(level) >= least) console.log(JSON.stringify({ level, event, ...fields }));
  };
}
