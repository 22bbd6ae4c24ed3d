import type { AuthorisedConnection } from "../../core/credentials";
import type { Log } from "../../core/ports";
import type { OnQuota } from "../../core/rate-limiter";
import type { ConnectionKey, RecordReader } from "../../core/record-reader";
import { SyncFailure } from "../../core/sync-task";
import { AccessTokens, needsReauth, type TokenDependencies } from "./access-tokens";
import { createGitHubApi } from "./github";
import { createGoogleApi } from "./google";
import { createNotionApi } from "./notion";
import { createSalesforceApi } from "./salesforce";
import { createSlackApi } from "./slack";
import type { VendorApi, VendorSession } from "./vendor-api";
import { openSession } from "./vendor-session";

/** What the reader works with. */
export interface ReaderDependencies extends TokenDependencies {
  readonly log: Log;
  readonly onQuota: OnQuota;
}

/** Refused credentials are tried again after this long: the owner may have mended it at the vendor alone. */
const TRY_AGAIN_MS = 15 * 60_000;

interface Opened {
  readonly api: VendorApi;
  readonly session: VendorSession;
}

/**
 * Reads and writes the records of all vendors by the credentials of a connection.
 *
 * A record counts as deleted only where the vendor says so: by a mark in the record, by 410, or by a 404 that cannot
 * mean "you may not see it". Of any other 404 the outcome is `unsupported`, because credentials that lost a permission
 * must not delete what is known of every record that they cannot see any more.
 */
export function createRecordReader(dependencies: ReaderDependencies): RecordReader {
  const { settings } = dependencies;
  const apis = new Map(
    [createSalesforceApi, createNotionApi, createSlackApi, createGitHubApi, createGoogleApi]
      .map((create) => create(settings))
      .map((api) => [api.integrationId, api]),
  );
  const tokens = new AccessTokens(dependencies);

  async function open(key: ConnectionKey): Promise<Opened | undefined> {
    const api = apis.get(key.integrationId);
    const connection = api && (await dependencies.credentials.find(key));
    if (api === undefined || connection === undefined) return undefined;
    const baseUrl = api.baseUrlOf(connection);
    if (baseUrl === undefined) return undefined;
    demandUsable(connection, dependencies.now());
    return { api, session: openSession({ ...dependencies, tokens }, api, { connection, baseUrl }) };
  }

  async function demand(key: ConnectionKey): Promise<Opened> {
    const opened = await open(key);
    if (!opened) throw new SyncFailure("no_credentials");
    return opened;
  }

  return {
    read: (key, reference, options) =>
      logged(dependencies.log, key, async () => {
        const opened = await open(key);
        return opened ? opened.api.read(opened.session, reference, options?.etag) : { kind: "no_credentials" };
      }),
    list: (key, query) =>
      logged(dependencies.log, key, async () => {
        const { api, session } = await demand(key);
        return api.list(session, { ...query, since: new Date(query.since).toISOString() });
      }),
    write: (key, change) =>
      logged(dependencies.log, key, async () => {
        const { api, session } = await demand(key);
        return api.write(session, change);
      }),
  };
}

function demandUsable({ status, refusedAt = 0 }: AuthorisedConnection, now: number): void {
  if (status === "needs_reauth" && now - refusedAt < TRY_AGAIN_MS) throw needsReauth();
}

/** The log line of a failure says which vendor answered what status and code, and nothing of any body. */
async function logged<T>(log: Log, { integrationId, connectionId }: ConnectionKey, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SyncFailure) {
      const detail = error.cause instanceof Error ? error.cause.message : undefined;
      log("warn", "provider.failed", { integrationId, connectionId, reason: error.reason, detail });
    }
    throw error;
  }
}
