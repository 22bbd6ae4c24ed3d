import { Agent as HttpAgent, type IncomingMessage, request as httpRequest, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { parseForeignJson } from "../../core/delivery-request";
import {
  bareHost,
  isAllowedAddress,
  isAllowedUrl,
  OutboundError,
  type OutboundHttp,
  type OutboundPolicy,
  type OutboundReply,
  type OutboundRequest,
} from "../../core/outbound";
import { guardedLookup } from "./guarded-lookup";

/** How the client behaves. */
export interface OutboundOptions {
  readonly policy: OutboundPolicy;
  /** For a call as a whole, from the look-up of its host to the last byte of the reply. */
  readonly timeoutMs: number;
  /** A larger reply is given up; 8 MB by default, which is more than a page of any vendor's list. */
  readonly maxBytes?: number;
}

const MAX_BYTES = 8 * 1024 * 1024;
/** Shorter than any vendor keeps an idle connection: one that the other side has closed already fails the next call. */
const IDLE_MS = 4000;
const jsonType = /^application\/(?:[\w.-]+\+)?json\b/i;

/** The client of all calls that go out: https, listed hosts, public addresses, no redirects, bounded in time and size. */
export function createOutboundHttp(options: OutboundOptions): OutboundHttp {
  // Whoever tries one address after the other asks the look-up for all of them.
  const agentOptions = { keepAlive: true, timeout: IDLE_MS, autoSelectFamily: true };
  const http = new HttpAgent(agentOptions);
  const https = new HttpsAgent(agentOptions);
  const lookup = guardedLookup(options.policy);
  return {
    async send(request) {
      const url = demandAllowed(options.policy, request.url);
      const end = performance.now() + options.timeoutMs;
      const callOver = (agent: RequestOptions["agent"]): Promise<OutboundReply> =>
        call(url, request, { ...options, timeoutMs: end - performance.now(), connection: { agent, lookup } });
      try {
        return await callOver(url.protocol === "https:" ? https : http);
      } catch (error) {
        const isRepeatable = request.isRepeatable ?? request.method === "GET";
        if (!(error instanceof KeptConnectionLost) || !isRepeatable) throw error;
        // One that nobody has kept: whoever lets go of one idle connection may have let go of all.
        return callOver(false);
      }
    },
  };
}

function demandAllowed(policy: OutboundPolicy, address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !isAllowedUrl(policy, url)) {
    throw new OutboundError("host_not_allowed", url?.host ?? "malformed");
  }
  // Node looks up names alone, so an address that stands in the URL is checked here.
  if (isIP(bareHost(url)) !== 0 && !isAllowedAddress(policy, bareHost(url))) {
    throw new OutboundError("address_not_allowed", url.host);
  }
  return url;
}

/** A connection that was kept from an earlier call broke off: the other side may have closed it before it knew of this one. */
class KeptConnectionLost extends OutboundError {
  constructor(host: string, cause: unknown) {
    super("unreachable", host, cause);
  }
}

const brokenOff = new Set(["ECONNRESET", "EPIPE"]);

interface CallOptions extends OutboundOptions {
  readonly connection: Pick<RequestOptions, "agent" | "lookup">;
}

function call(url: URL, { method, headers, body }: OutboundRequest, options: CallOptions): Promise<OutboundReply> {
  return new Promise((settle, reject) => {
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const request = send(url, {
      method,
      headers: { accept: "application/json", "user-agent": "castiel-webhooks", ...headers, ...length },
      ...options.connection,
    });
    // What ends the call first decides: whatever that breaks off then comes too late to be told.
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      reject(error instanceof OutboundError ? error : new OutboundError("unreachable", url.host, error));
      request.destroy();
    };
    const timer = setTimeout(() => fail(new OutboundError("timeout", url.host)), options.timeoutMs);
    request.on("error", (error: NodeJS.ErrnoException) => {
      const isKeptLost = request.reusedSocket && brokenOff.has(error.code ?? "");
      fail(isKeptLost ? new KeptConnectionLost(url.host, error) : error);
    });
    // Nobody asked for another protocol. Unless somebody listens, Node closes the connection and tells nobody.
    request.on("upgrade", (_, socket) => {
      socket.destroy();
      fail(new Error("the protocol was changed"));
    });
    request.on("response", (response) => {
      readReply(response, url.host, options.maxBytes ?? MAX_BYTES).then((reply) => {
        clearTimeout(timer);
        settle(reply);
      }, fail);
    });
    request.end(body);
  });
}

async function readReply(response: IncomingMessage, host: string, maxBytes: number): Promise<OutboundReply> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    // Without an encoding set, the chunks of a response are buffers.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > maxBytes) throw new OutboundError("too_large", host);
    chunks.push(bytes);
  }
  const isJson = jsonType.test(response.headers["content-type"] ?? "");
  return {
    // Set on every response to a request of ours.
    status: response.statusCode ?? 0,
    headers: { get: (name) => response.headersDistinct[name.toLowerCase()]?.join(", ") ?? null },
    json: isJson ? parseForeignJson(Buffer.concat(chunks).toString("utf8")) : undefined,
  };
}
