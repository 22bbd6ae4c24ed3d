import type { AuthorisedConnection } from "../../core/credentials";
import type { OutboundReply } from "../../core/outbound";
import { readQuota } from "../../core/provider-quota";
import type { OnQuota } from "../../core/rate-limiter";
import { SyncDelay } from "../../core/sync-task";
import type { AccessTokens, TokenDependencies } from "./access-tokens";
import { failure, safeCode, toSyncFailure } from "./failures";
import type { VendorApi, VendorRequest, VendorSession } from "./vendor-api";

/** What a session works with. */
export interface SessionDependencies extends Pick<TokenDependencies, "outbound" | "credentials" | "now"> {
  readonly tokens: AccessTokens;
  /** Told whatever a reply says of the vendor's quota. */
  readonly onQuota: OnQuota;
}

/** Calls with the connection's access token; a token that is refused is renewed once. */
export function openSession(
  dependencies: SessionDependencies,
  api: VendorApi,
  { connection, baseUrl }: { readonly connection: AuthorisedConnection; readonly baseUrl: string },
): VendorSession {
  const { outbound, tokens, credentials, onQuota, now } = dependencies;
  const send = async (request: VendorRequest, token: string): Promise<OutboundReply> => {
    const reply = await outbound.send(toOutbound(api, request, token)).catch((error: unknown) => {
      throw toSyncFailure(error);
    });
    const quota = readQuota(reply.headers);
    if (quota) onQuota(connection, quota);
    return reply;
  };
  return {
    baseUrl,
    authKind: connection.auth.kind,
    async call(request) {
      const token = await tokens.get({ api, connection });
      let reply = await send(request, token);
      let judgement = api.judge(reply, now());
      if (judgement.kind === "unauthorised") {
        const refused = { token, code: codeOf(api, reply) };
        reply = await send(request, await tokens.get({ api, connection, refused }));
        judgement = api.judge(reply, now());
      }
      switch (judgement.kind) {
        case "unauthorised":
          throw await tokens.refuse(connection, codeOf(api, reply));
        case "limited":
          throw new SyncDelay("rate_limited", judgement.until);
        case "unavailable":
          throw failure("provider_unreachable", { api, reply });
        // Unlike refused credentials, a missing right concerns this record or type alone, and no repeat brings it.
        case "forbidden":
          throw failure("provider_forbidden", { api, reply, permanent: true });
        case "ok":
          if (connection.status === "needs_reauth") await credentials.noteAccepted(connection);
          return reply;
      }
    },
  };
}

function codeOf(api: VendorApi, reply: OutboundReply): string {
  return safeCode(api.errorCodeOf(reply)) ?? `status_${reply.status}`;
}

function toOutbound(
  api: VendorApi,
  request: VendorRequest,
  token: string,
): Parameters<TokenDependencies["outbound"]["send"]>[0] {
  const { method = "GET", query = {}, headers, json } = request;
  const url = new URL(request.url);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return {
    method,
    url: url.href,
    headers: {
      ...api.headers,
      ...headers,
      ...(json === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
      authorization: `Bearer ${token}`,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  };
}
