import type { Connection } from "../core/connection";
import type { AuthorisedConnection, Credentials, CredentialStore, RefreshClaim } from "../core/credentials";
import type { Clock, Log, SecretStore } from "../core/ports";
import type { ConnectionKey } from "../core/record-reader";
import type { Connections } from "../repositories/connections";

/** What it works with. */
export interface CredentialDependencies {
  readonly connections: Connections;
  readonly secrets: SecretStore;
  readonly now: Clock;
  readonly log: Log;
}

/** Longer than a refresh takes with all its waiting, shorter than anybody minds after a crash in between. */
const CLAIM_MS = 60_000;

/** Credentials in the secret store; what is known about them in the connection's document. */
export class ConnectionCredentials implements CredentialStore {
  readonly #dependencies: CredentialDependencies;

  constructor(dependencies: CredentialDependencies) {
    this.#dependencies = dependencies;
  }

  async find(key: ConnectionKey): Promise<AuthorisedConnection | undefined> {
    return authorised(await this.#dependencies.connections.find(key));
  }

  async open({ auth }: AuthorisedConnection): Promise<Credentials | undefined> {
    const text = await this.#dependencies.secrets.get(auth.secretName, auth.secretVersion);
    // Only `toSecretText` writes these secrets.
    return text === undefined ? undefined : (JSON.parse(text) as Credentials);
  }

  async claimRefresh(connection: AuthorisedConnection): Promise<RefreshClaim> {
    const now = this.#dependencies.now();
    let claim: RefreshClaim = { kind: "claimed" };
    const seen = await this.#update(connection, (current) => {
      const until = current.refreshClaimedUntil ?? 0;
      claim = until > now ? { kind: "busy", until } : { kind: "claimed" };
      return until > now ? current : { ...current, refreshClaimedUntil: now + CLAIM_MS };
    });
    return hasSameCredentials(seen, connection) ? claim : { kind: "changed", connection: authorised(seen) };
  }

  async endRefresh(connection: AuthorisedConnection, fresh?: Credentials): Promise<AuthorisedConnection | undefined> {
    const { secrets } = this.#dependencies;
    const { auth } = connection;
    const secretVersion = fresh && (await secrets.set(auth.secretName, toSecretText(fresh)));
    const ended = await this.#update(connection, ({ refreshClaimedUntil: _, ...current }) => ({
      ...current,
      ...(secretVersion === undefined ? {} : { auth: { ...auth, secretVersion } }),
    }));
    // Deleted or made anew meanwhile: then nobody points to what was just stored.
    if (fresh && ended?.auth?.secretName !== auth.secretName) await secrets.delete(auth.secretName);
    return authorised(ended);
  }

  async noteRefused(connection: AuthorisedConnection, reason: string): Promise<void> {
    const { now, log } = this.#dependencies;
    await this.#update(connection, ({ refreshClaimedUntil: _, ...current }) => ({
      ...current,
      status: "needs_reauth",
      statusReason: reason,
      statusChangedAt:
        current.status === "needs_reauth" && current.statusChangedAt !== undefined
          ? current.statusChangedAt
          : new Date(now()).toISOString(),
      refusedAt: now(),
    }));
    log("warn", "connection.needs_reauth", { connection: connection.id, reason });
  }

  async noteAccepted(connection: AuthorisedConnection): Promise<void> {
    const statusChangedAt = new Date(this.#dependencies.now()).toISOString();
    await this.#update(connection, (current) =>
      current.status === "active" ? current : { ...activeAgain(current), statusChangedAt },
    );
    this.#dependencies.log("info", "connection.active", { connection: connection.id });
  }

  /** Changes the document while its credentials are those of `connection`, and answers what is stored then. */
  #update(
    connection: AuthorisedConnection,
    change: (current: Connection) => Connection,
  ): Promise<Connection | undefined> {
    const { tenantId, pk: tenantKey, integrationId, connectionId } = connection;
    return this.#dependencies.connections.update({ tenantId, tenantKey, integrationId, connectionId }, (current) =>
      current && hasSameCredentials(current, connection) ? change(current) : undefined,
    );
  }
}

/** The text of a secret. */
export function toSecretText(credentials: Credentials): string {
  return JSON.stringify(credentials);
}

/** The connection as it is once its credentials count again. */
export function activeAgain({ statusReason: _reason, refusedAt: _at, ...connection }: Connection): Connection {
  return { ...connection, status: "active" };
}

function hasSameCredentials(connection: Connection | undefined, { auth }: AuthorisedConnection): boolean {
  return connection?.auth?.secretName === auth.secretName && connection.auth.secretVersion === auth.secretVersion;
}

function authorised(connection: Connection | undefined): AuthorisedConnection | undefined {
  return connection?.auth === undefined ? undefined : { ...connection, auth: connection.auth };
}
