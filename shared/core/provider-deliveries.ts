import type { ConnectionKey } from "./record-reader";

/**
 * How a provider gives deliveries again. `redelivery`: it lists what it sent, and sends any of them again. `rewind`: it
 * sends everything again from a moment on, and does not say what that is.
 */
export type ResendWay = "redelivery" | "rewind";

/** A delivery as its provider remembers it. */
export interface SentDelivery {
  /** What it is asked for by. */
  readonly id: string;
  /** The id that it carries, the same whenever it is repeated. */
  readonly deliveryId: string;
}

/** The deliveries of a window, newest first. Times in ISO 8601. */
export interface SentQuery {
  /** As `find` named it. */
  readonly source: string;
  readonly since: string;
  readonly until: string;
  readonly cursor?: string;
}

/**
 * What providers remember of the deliveries to a webhook. All but `wayOf` throw as `RecordReader` does, and `unsupported`
 * where the provider has no such thing.
 */
export interface ProviderDeliveries {
  /** `undefined` for a provider that gives none again. Asks nobody. */
  wayOf(integrationId: string): ResendWay | undefined;
  /**
   * What sends to this URL from a place (a repository, an organisation, a subscription): its name at the provider, or
   * `undefined` if nothing does, or nothing that the credentials may see.
   */
  find(
    connection: ConnectionKey,
    place: { readonly webhookUrl: string; readonly scope: string },
  ): Promise<string | undefined>;
  list(
    connection: ConnectionKey,
    query: SentQuery,
  ): Promise<{ readonly deliveries: readonly SentDelivery[]; readonly cursor?: string }>;
  redeliver(connection: ConnectionKey, delivery: { readonly source: string; readonly id: string }): Promise<void>;
  /** `to` in ISO 8601. */
  rewind(connection: ConnectionKey, position: { readonly source: string; readonly to: string }): Promise<void>;
}
