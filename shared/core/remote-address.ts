const remoteAddress = Symbol("castiel.remoteAddress");

/** A request that a host told us the address of. A symbol, not a header, so that no caller can claim an address. */
interface Addressed {
  [remoteAddress]?: string;
}

/** Notes the address of the socket that a request came over; only a host that knows it does this. */
export function rememberRemoteAddress(request: object, address: string): void {
  const addressed: Addressed = request;
  addressed[remoteAddress] = address;
}

/** The socket's address of a request; `undefined` where the host does not tell (Azure). */
export function remoteAddressOf(request: object): string | undefined {
  const addressed: Addressed = request;
  return addressed[remoteAddress];
}

/** True for IPv4 127.0.0.0/8, also as an IPv6-mapped address, and for `::1`. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}
