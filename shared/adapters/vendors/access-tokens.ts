import type { AuthorisedConnection, CredentialStore, OAuth2Credentials } from "../../core/credentials";
import { SyncDelay, SyncFailure } from "../../core/sync-task";
import { type Exchangeable, type Grant, type GrantDependencies, GrantRefused, requestGrant } from "./token-grants";
import type { VendorApi } from "./vendor-api";

/** What it works with. */
export interface TokenDependencies extends GrantDependencies {
  readonly credentials: CredentialStore;
}

/** Whose token is wanted. */
export interface TokenRequest {
  readonly api: VendorApi;
  readonly connection: AuthorisedConnection;
  /** A token that the vendor does not take any more, and its code for that: answer another. */
  readonly refused?: { readonly token: string; readonly code: string };
}

interface KnownToken extends Grant {
  /** Of the credentials that it was granted for. */
  readonly secretVersion: string;
}

/** New credentials that could not be saved: the old refresh token is spent, so they must not be lost. */
interface Unsaved {
  readonly connection: AuthorisedConnection;
  readonly credentials: OAuth2Credentials;
}

const MAX_TOKENS = 10_000;
/** Others who want to use the same refresh token look again after at most this long. */
const LOOK_AGAIN_MS = 2000;

/**
 * Access tokens by connection, in memory, renewed before they expire: by one caller at a time within the process and,
 * where a refresh token may change with its use, by one instance at a time.
 */
export class AccessTokens {
  readonly #dependencies: TokenDependencies;
  readonly #known = new Map<string, KnownToken>();
  readonly #running = new Map<string, Promise<string>>();
  readonly #unsaved = new Map<string, Unsaved>();

  constructor(dependencies: TokenDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * A token that the vendor takes, as far as we know.
   * @throws {SyncFailure} `needs_reauth`, `provider_unreachable`, `provider_answer_unknown`
   * @throws {SyncDelay} a rate limit, or another instance is refreshing
   */
  async get(request: TokenRequest): Promise<string> {
    const { connection, refused } = request;
    const known = this.#known.get(connection.id);
    const isFresh = known?.refreshAt === undefined || this.#dependencies.now() < known.refreshAt;
    if (known?.secretVersion === connection.auth.secretVersion && isFresh && known.token !== refused?.token)
      return known.token;
    for (let running = this.#running.get(connection.id); running; running = this.#running.get(connection.id)) {
      const token = await running;
      if (token !== refused?.token) return token;
    }
    const obtaining = this.#obtain(request).finally(() => this.#running.delete(connection.id));
    this.#running.set(connection.id, obtaining);
    return obtaining;
  }

  /** Notes that the vendor does not take what these credentials got, and answers the failure to throw. */
  async refuse(connection: AuthorisedConnection, reason: string): Promise<SyncFailure> {
    this.#known.delete(connection.id);
    await this.#dependencies.credentials.noteRefused(connection, reason);
    return needsReauth();
  }

  async #obtain(request: TokenRequest): Promise<string> {
    const { connection, refused } = request;
    const unsaved = this.#unsaved.get(connection.id);
    if (unsaved) return this.#save(request, unsaved);
    const credentials = await this.#dependencies.credentials.open(connection);
    if (credentials === undefined) throw needsReauth();
    if (credentials.kind === "bearer") {
      if (refused?.token === credentials.token) throw await this.refuse(connection, refused.code);
      return this.#keep(connection, { token: credentials.token });
    }
    if (credentials.kind !== "oauth2") return this.#keep(connection, await this.#exchange(request, credentials));
    return this.#refresh(request, credentials);
  }

  async #exchange({ api, connection }: TokenRequest, credentials: Exchangeable): Promise<Grant> {
    try {
      return await requestGrant(this.#dependencies, api, { connection, credentials });
    } catch (error) {
      throw error instanceof GrantRefused ? await this.refuse(connection, error.code) : error;
    }
  }

  async #refresh(request: TokenRequest, credentials: OAuth2Credentials): Promise<string> {
    const { connection, refused } = request;
    const { credentials: store, now } = this.#dependencies;
    const { accessToken, refreshAt } = credentials;
    // Another instance may have refreshed: what it got is stored with the new refresh token.
    if (accessToken !== undefined && accessToken !== refused?.token && (refreshAt === undefined || now() < refreshAt)) {
      return this.#keep(connection, { token: accessToken, ...(refreshAt === undefined ? {} : { refreshAt }) });
    }
    const claim = await store.claimRefresh(connection);
    if (claim.kind === "busy") throw new SyncDelay("token_refresh", Math.min(claim.until, now() + LOOK_AGAIN_MS));
    if (claim.kind === "changed") return this.#again(request, claim.connection);
    const grant = await this.#exchange(request, credentials).catch(async (error: unknown) => {
      await store.endRefresh(connection);
      throw error;
    });
    return this.#settle(request, credentials, grant);
  }

  async #settle(request: TokenRequest, credentials: OAuth2Credentials, grant: Grant): Promise<string> {
    const { connection } = request;
    const isSpent = grant.refreshToken !== undefined && grant.refreshToken !== credentials.refreshToken;
    if (!isSpent) {
      await this.#dependencies.credentials.endRefresh(connection);
      return this.#keep(connection, grant);
    }
    const { refreshAt: _, ...kept } = credentials;
    const fresh: OAuth2Credentials = {
      ...kept,
      refreshToken: grant.refreshToken,
      accessToken: grant.token,
      ...(grant.refreshAt === undefined ? {} : { refreshAt: grant.refreshAt }),
    };
    const unsaved = { connection, credentials: fresh };
    this.#unsaved.set(connection.id, unsaved);
    return this.#save(request, unsaved);
  }

  /** Until this works, the only copy of the new refresh token is here: each further call tries again. */
  async #save(request: TokenRequest, { connection, credentials }: Unsaved): Promise<string> {
    const store = this.#dependencies.credentials;
    const saved = await store.endRefresh(connection, credentials);
    this.#unsaved.delete(connection.id);
    const stored = saved && (await store.open(saved));
    const isOurs = stored?.kind === "oauth2" && stored.refreshToken === credentials.refreshToken;
    // Its owner may have set other credentials meanwhile: then these count.
    if (saved === undefined || !isOurs || stored.accessToken === undefined) return this.#again(request, saved);
    const { accessToken: token, refreshAt } = stored;
    return this.#keep(saved, { token, ...(refreshAt === undefined ? {} : { refreshAt }) });
  }

  async #again(request: TokenRequest, connection: AuthorisedConnection | undefined): Promise<string> {
    if (connection === undefined) throw needsReauth();
    return this.#obtain({ ...request, connection });
  }

  #keep({ id, auth }: AuthorisedConnection, grant: Grant): string {
    this.#known.delete(id);
    this.#known.set(id, { ...grant, secretVersion: auth.secretVersion });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_TOKENS && oldest !== undefined) this.#known.delete(oldest);
    return grant.token;
  }
}

/** Not permanent: the owner can mend it at any moment, and then a repeat works. Health shows it meanwhile. */
export function needsReauth(): SyncFailure {
  return new SyncFailure("needs_reauth");
}
