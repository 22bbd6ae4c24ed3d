import type { AuthKind, Connection } from "../../core/connection";
import type { JsonObject } from "../../core/json";
import type { OutboundReply, OutboundRequest } from "../../core/outbound";
import type {
  Listable,
  ListQuery,
  ReadOutcome,
  RecordPage,
  RecordReference,
  RecordWrite,
} from "../../core/record-reader";
import type { EventVersion } from "../../core/version";

/** A call to a vendor's API. Its access token is added on the way. */
export interface VendorRequest {
  /** GET unless another is named. */
  readonly method?: OutboundRequest["method"];
  /** Made of the session's base address: an address that a reply names must be checked first. */
  readonly url: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: JsonObject;
}

/** Calls on behalf of one connection. */
export interface VendorSession {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly authKind: AuthKind;
  /**
   * Answers every reply that the vendor's rules take for one (`judge`: ok); what to make of its status is the caller's.
   * @throws {SyncFailure} `needs_reauth`, `provider_forbidden`, `provider_unreachable`, `provider_answer_unknown`
   * @throws {SyncDelay} a rate limit of the vendor
   */
  call(request: VendorRequest): Promise<OutboundReply>;
}

/** What a vendor's reply means to everybody, before it means something to who asked. */
export type Judgement =
  | { readonly kind: "ok" }
  | { readonly kind: "unauthorised" }
  | { readonly kind: "forbidden" }
  /** Not before then (milliseconds since 1970). */
  | { readonly kind: "limited"; readonly until: number }
  | { readonly kind: "unavailable" };

/** How a vendor's token endpoint takes a refresh token. */
export interface TokenEndpoint {
  readonly url: string;
  /** `form`: a form, the client's id and secret in it; `json`: JSON, the client in Basic authentication. */
  readonly style: "form" | "json";
}

/** One vendor's API: how to call it and how its records are read and written. */
export interface VendorApi {
  readonly integrationId: string;
  /** Headers of every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without a slash at the end; `undefined` where only a connection can tell, and this one does not. */
  baseUrlOf(connection: Connection): string | undefined;
  tokenEndpointOf(baseUrl: string): TokenEndpoint;
  judge(reply: OutboundReply, now: number): Judgement;
  /** The vendor's own code of an error. */
  errorCodeOf(reply: OutboundReply): string | undefined;
  read(session: VendorSession, reference: RecordReference, etag?: string): Promise<ReadOutcome>;
  list(session: VendorSession, query: ListQuery): Promise<RecordPage>;
  readonly listable: Listable;
  write(session: VendorSession, change: RecordWrite): Promise<Written>;
}

/** A record that was written. */
export interface Written {
  readonly entityId: string;
  readonly version?: EventVersion;
}
