import type { AuthorisedConnection, Credentials } from "../../core/credentials";
import { asObject, at, textAt } from "../../core/json";
import type { OutboundHttp, OutboundReply, OutboundRequest } from "../../core/outbound";
import type { Clock } from "../../core/ports";
import { SyncDelay, SyncFailure } from "../../core/sync-task";
import { safeCode, toSyncFailure, unknownAnswer } from "./failures";
import { signJwt } from "./json-web-token";
import type { VendorApi } from "./vendor-api";
import type { VendorSettings } from "../../core/vendor-settings";

/** What granting works with. */
export interface GrantDependencies {
  readonly outbound: OutboundHttp;
  readonly settings: VendorSettings;
  readonly now: Clock;
}

/** An access token, and what came along. */
export interface Grant {
  readonly token: string;
  /** Milliseconds since 1970; from then on another is to be had. Absent: until it is refused. */
  readonly refreshAt?: number;
  /** The next refresh token, where the vendor changes it. */
  readonly refreshToken?: string;
}

/** The vendor does not take the credentials. */
export class GrantRefused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`grant refused: ${code}`);
    this.name = "GrantRefused";
    this.code = code;
  }
}

/** Credentials that are exchanged for an access token. */
export type Exchangeable = Exclude<Credentials, { readonly kind: "bearer" }>;

/** Clocks differ: GitHub advises to set the time of issue a minute back ("Generating a JWT for a GitHub App"). */
const CLOCK_DRIFT_S = 60;
const RENEW_BEFORE_MS = 5 * 60_000;
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SALESFORCE_AUDIENCE = "https://login.salesforce.com";

/**
 * Exchanges credentials for an access token.
 * @throws {GrantRefused} @throws {SyncDelay} @throws {SyncFailure} `provider_unreachable`, `provider_answer_unknown`
 */
export async function requestGrant(
  { outbound, settings, now }: GrantDependencies,
  api: VendorApi,
  { connection, credentials }: { readonly connection: AuthorisedConnection; readonly credentials: Exchangeable },
): Promise<Grant> {
  const baseUrl = api.baseUrlOf(connection);
  if (baseUrl === undefined) throw new GrantRefused("base_url_missing");
  const request = toRequest({ api, baseUrl, settings, now: now() }, credentials);
  const reply = await outbound.send(request).catch((error: unknown) => {
    throw toSyncFailure(error);
  });
  return toGrant(api, reply, now());
}

interface Place {
  readonly api: VendorApi;
  readonly baseUrl: string;
  readonly settings: VendorSettings;
  /** Milliseconds since 1970. */
  readonly now: number;
}

function toRequest(place: Place, credentials: Exchangeable): OutboundRequest {
  const { api, baseUrl, settings } = place;
  const nowS = Math.floor(place.now / 1000);
  switch (credentials.kind) {
    case "oauth2":
      return refreshRequest(api.tokenEndpointOf(baseUrl), credentials, api.headers);
    case "salesforce_client_credentials": {
      const { clientId: client_id, clientSecret: client_secret } = credentials;
      const { url } = api.tokenEndpointOf(baseUrl);
      return form(url, { grant_type: "client_credentials", client_id, client_secret });
    }
    case "salesforce_jwt": {
      const { clientId: iss, username: sub, audience: aud = SALESFORCE_AUDIENCE, privateKey } = credentials;
      // "within 3 minutes of the current time" ("OAuth 2.0 JWT Bearer Flow").
      const assertion = signJwt({ iss, sub, aud, exp: nowS + 150 }, privateKey);
      return form(api.tokenEndpointOf(baseUrl).url, { grant_type: JWT_BEARER, assertion });
    }
    case "google_service_account": {
      const { clientEmail: iss, scopes, subject: sub, privateKey } = credentials;
      const times = { iat: nowS, exp: nowS + 3600 };
      const claims = {
        iss,
        scope: scopes.join(" "),
        aud: settings.googleTokenUrl,
        ...times,
        ...(sub !== undefined && { sub }),
      };
      return form(settings.googleTokenUrl, { grant_type: JWT_BEARER, assertion: signJwt(claims, privateKey) });
    }
    case "github_app": {
      const { appId: iss, installationId, privateKey } = credentials;
      const token = signJwt({ iss, iat: nowS - CLOCK_DRIFT_S, exp: nowS + 9 * 60 }, privateKey);
      return {
        method: "POST",
        url: `${baseUrl}/app/installations/${encodeURIComponent(installationId)}/access_tokens`,
        headers: { ...api.headers, authorization: `Bearer ${token}` },
      };
    }
  }
}

function refreshRequest(
  endpoint: ReturnType<VendorApi["tokenEndpointOf"]>,
  credentials: Extract<Credentials, { readonly kind: "oauth2" }>,
  headers: Readonly<Record<string, string>>,
): OutboundRequest {
  const { clientId, clientSecret, refreshToken, tokenUrl } = credentials;
  const url = tokenUrl ?? endpoint.url;
  const fields = { grant_type: "refresh_token", refresh_token: refreshToken };
  if (endpoint.style === "form") return form(url, { ...fields, client_id: clientId, client_secret: clientSecret });
  const client = Buffer.from(`${clientId}:${clientSecret}`).toString("base64");
  return {
    method: "POST",
    url,
    headers: { ...headers, "content-type": "application/json", authorization: `Basic ${client}` },
    body: JSON.stringify(fields),
  };
}

function form(url: string, fields: Readonly<Record<string, string>>): OutboundRequest {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { method: "POST", url, headers, body: new URLSearchParams(fields).toString() };
}

/**
 * GitHub Apps and Slack's `tooling.tokens.rotate` call it `token` and say when it ends; everybody else is as RFC 6749, 5.1
 * has it.
 */
function toGrant(api: VendorApi, reply: OutboundReply, now: number): Grant {
  const judgement = api.judge(reply, now);
  if (judgement.kind === "limited") throw new SyncDelay("rate_limited", judgement.until);
  if (judgement.kind === "unavailable") throw new SyncFailure("provider_unreachable");
  const body = asObject(reply.json);
  const token = textAt(body, "access_token") ?? textAt(body, "token");
  // Some answer an error with the status 200 and the field `error` (GitHub, Slack).
  const error = safeCode(textAt(body, "error"));
  if (token === undefined || error !== undefined || reply.status >= 300) {
    if (error === undefined && reply.status < 400) throw unknownAnswer(api, reply);
    throw new GrantRefused(error ?? safeCode(api.errorCodeOf(reply)) ?? `status_${reply.status}`);
  }
  const refreshToken = textAt(body, "refresh_token");
  return { token, ...renewal(body, now), ...(refreshToken === undefined ? {} : { refreshToken }) };
}

function renewal(body: unknown, now: number): Pick<Grant, "refreshAt"> {
  const seconds = at(body, "expires_in");
  const end = typeof seconds === "number" ? now + seconds * 1000 : statedEnd(body);
  if (!Number.isFinite(end)) return {};
  const lifetime = end - now;
  return { refreshAt: now + Math.max(lifetime - RENEW_BEFORE_MS, lifetime / 2) };
}

/** GitHub Apps have it as a date, Slack's configuration tokens in Unix seconds. */
function statedEnd(body: unknown): number {
  const exp = at(body, "exp");
  return typeof exp === "number" ? exp * 1000 : Date.parse(textAt(body, "expires_at") ?? "");
}
