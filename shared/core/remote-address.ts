/**
 * The address of the socket that a request came over, for hosts that know it. Kept beside the request, not in a header,
 * so that no caller can claim one.
 */
const addresses = new WeakMap<object, string>();

/** Notes the socket's address of a request; only a host does this. */
export function rememberRemoteAddress(request: object, address: string): void {
  addresses.set(request, address);
}

/** The socket's address of a request; `undefined` where the host does not tell (Azure). */
export function remoteAddressOf(request: object): string | undefined {
  return addresses.get(request);
}

/** True for IPv4 127.0.0.0/8, also as an IPv6-mapped address, and for `::1`. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}
