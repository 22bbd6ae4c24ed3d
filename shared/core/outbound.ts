import { BlockList, isIP } from "node:net";
import type { HeaderReader } from "./delivery-request";
import { isLoopback } from "./remote-address";

/** Where calls of ours may go (DESIGN 11, Outbound calls). */
export interface OutboundPolicy {
  /** Hosts in lower case, with their port unless it is 443; `*.example.com` stands for any subdomain. */
  readonly hosts: readonly string[];
  /** Lets calls reach this machine, in http too: for tests. */
  readonly allowLoopback: boolean;
}

/** A call to somebody else's API. */
export interface OutboundRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** True if it has one effect however often it is sent; a GET has none. */
  readonly isRepeatable?: boolean;
}

/** What came back, whatever its status: redirects are not followed. */
export interface OutboundReply {
  readonly status: number;
  readonly headers: HeaderReader;
  /** `undefined` where the body is empty, no JSON, or JSON too deep to be kept. */
  readonly json: unknown;
}

/** Makes calls within the policy. */
export interface OutboundHttp {
  /** @throws {OutboundError} */
  send(request: OutboundRequest): Promise<OutboundReply>;
}

/** Why there was no reply. The first two are the policy's refusals: nothing was sent. */
export type OutboundErrorCode = "host_not_allowed" | "address_not_allowed" | "timeout" | "unreachable" | "too_large";

/** A call without a reply. Its message holds the code and the host, never the request. */
export class OutboundError extends Error {
  readonly code: OutboundErrorCode;

  constructor(code: OutboundErrorCode, host: string, cause?: unknown) {
    super(`${code}: ${host}`, { cause });
    this.name = "OutboundError";
    this.code = code;
  }
}

/** True if the policy lets calls go to this URL: https, a listed host, no credentials in it. */
export function isAllowedUrl({ hosts, allowLoopback }: OutboundPolicy, url: URL): boolean {
  if (url.username !== "" || url.password !== "") return false;
  if (allowLoopback && isLoopbackHost(url)) return url.protocol === "https:" || url.protocol === "http:";
  return url.protocol === "https:" && hosts.some((entry) => hostMatches(entry, url.host));
}

function isLoopbackHost(url: URL): boolean {
  const host = bareHost(url);
  return host === "localhost" || isLoopback(host);
}

/** The host without its port, and an IPv6 address without its brackets. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

function hostMatches(entry: string, host: string): boolean {
  return entry.startsWith("*.") ? host.endsWith(entry.slice(1)) && host.length >= entry.length : host === entry;
}

/**
 * IANA's special-purpose registries (RFC 6890): what is not reachable from everywhere, is shared, or translates. And
 * 168.63.129.16, which looks public and is the platform itself for whatever runs in Azure ("What is IP address
 * 168.63.129.16?").
 */
const notPublic = blockList({
  ipv4: [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
  ],
  ipv6: ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"],
});
/** All that is given out to the public; loopback, link-local, unique local, mapped and NAT64 addresses are outside it. */
const publicIpv6 = blockList({ ipv4: [], ipv6: ["2000::/3"] });

function blockList(subnets: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] }): BlockList {
  const list = new BlockList();
  for (const family of ["ipv4", "ipv6"] as const) {
    for (const subnet of subnets[family]) {
      const [net = "", prefix] = subnet.split("/");
      list.addSubnet(net, Number(prefix), family);
    }
  }
  return list;
}

/** True if the policy lets calls connect to this IP address: a public one, or loopback where that is allowed. */
export function isAllowedAddress({ allowLoopback }: OutboundPolicy, address: string): boolean {
  if (allowLoopback && isLoopback(address)) return true;
  switch (isIP(address)) {
    case 4:
      return !notPublic.check(address, "ipv4");
    case 6:
      return publicIpv6.check(address, "ipv6") && !notPublic.check(address, "ipv6");
    default:
      return false;
  }
}
