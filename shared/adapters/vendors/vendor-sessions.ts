import type { AuthorisedConnection } from "../../core/credentials";
import { countedOutbound } from "../../core/counted-outbound";
import type { Counter } from "../../core/metrics";
import type { OutboundHttp } from "../../core/outbound";
import type { Log } from "../../core/ports";
import type { OnQuota } from "../../core/rate-limiter";
import type { ConnectionKey } from "../../core/record-reader";
import { SyncFailure } from "../../core/sync-task";
import { tracedOutbound } from "../../core/traced-outbound";
import type { Tracer } from "../../core/tracing";
import { AccessTokens, needsReauth, type TokenDependencies } from "./access-tokens";
import { createGitHubApi } from "./github";
import { createGoogleApi } from "./google";
import { createNotionApi } from "./notion";
import { createSalesforceApi } from "./salesforce";
import { createSlackApi } from "./slack";
import type { VendorApi, VendorSession } from "./vendor-api";
import { openSession } from "./vendor-session";

/** What sessions are made of. */
export interface SessionsDependencies extends TokenDependencies {
  readonly log: Log;
  readonly onQuota: OnQuota;
  /** Counts the calls to each vendor, but for those that fetch tokens. */
  readonly calls: Counter;
  readonly tracer?: Tracer | undefined;
}

/** A connection that calls can be made for. */
export interface OpenedConnection {
  readonly api: VendorApi;
  readonly session: VendorSession;
}

/** Opens sessions with all vendors' APIs, by the credentials of connections. */
export interface VendorSessions {
  /** By integration. */
  readonly apis: ReadonlyMap<string, VendorApi>;
  /**
   * `undefined` where the connection has no credentials, or none that can be used.
   * @throws {SyncFailure} `needs_reauth`: the vendor refused the credentials lately
   */
  readonly open: (key: ConnectionKey) => Promise<OpenedConnection | undefined>;
  /** @throws {SyncFailure} `no_credentials`, `needs_reauth` */
  readonly demand: (key: ConnectionKey) => Promise<OpenedConnection>;
  /** Does the work; the log line of a failure says which vendor answered what status and code, and nothing of any body. */
  readonly logged: <T>(key: ConnectionKey, work: () => Promise<T>) => Promise<T>;
}

/** Refused credentials are tried again after this long: the owner may have mended it at the vendor alone. */
const TRY_AGAIN_MS = 15 * 60_000;

/** One for all that call vendors, so that each access token is had once. */
export function createVendorSessions(dependencies: SessionsDependencies): VendorSessions {
  const { settings, credentials, log, now } = dependencies;
  const apis = new Map(
    [createSalesforceApi, createNotionApi, createSlackApi, createGitHubApi, createGoogleApi]
      .map((create) => create(settings))
      .map((api) => [api.integrationId, api]),
  );
  const traced = (name: string): OutboundHttp => tracedOutbound(dependencies.outbound, dependencies.tracer, { name });
  const tokens = new AccessTokens({ ...dependencies, outbound: traced("tokens") });
  const clientOf = (name: string): OutboundHttp => countedOutbound(traced(name), dependencies.calls, name);
  const clients = new Map([...apis.keys()].map((id) => [id, clientOf(id)]));

  async function open(key: ConnectionKey): Promise<OpenedConnection | undefined> {
    const api = apis.get(key.integrationId);
    const connection = api && (await credentials.find(key));
    if (api === undefined || connection === undefined) return undefined;
    const baseUrl = api.baseUrlOf(connection);
    if (baseUrl === undefined) return undefined;
    demandUsable(connection, now());
    const outbound = clients.get(api.integrationId) ?? dependencies.outbound;
    return { api, session: openSession({ ...dependencies, outbound, tokens }, api, { connection, baseUrl }) };
  }

  return {
    apis,
    open,
    async demand(key) {
      const opened = await open(key);
      if (!opened) throw new SyncFailure("no_credentials");
      return opened;
    },
    async logged({ integrationId, connectionId }, work) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof SyncFailure) {
          const detail = error.cause instanceof Error ? error.cause.message : undefined;
          log("warn", "provider.failed", { integrationId, connectionId, reason: error.reason, detail });
        }
        throw error;
      }
    },
  };
}

function demandUsable({ status, refusedAt = 0 }: AuthorisedConnection, now: number): void {
  if (status === "needs_reauth" && now - refusedAt < TRY_AGAIN_MS) throw needsReauth();
}
