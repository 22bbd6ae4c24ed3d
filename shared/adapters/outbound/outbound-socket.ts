import { connect, isIP, type Socket } from "node:net";
import { isAllowedAddress, OutboundError, type OutboundPolicy } from "../../core/outbound";
import { guardedLookup } from "./guarded-lookup";

/** Where to connect to, and for how long to try. */
export interface SocketTarget {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/**
 * Connects to a host that is the operator's own setting, by the rules for addresses of all calls that go out. What is said
 * on the connection, TLS included, is the caller's affair.
 * @throws {OutboundError} `address_not_allowed`, `timeout`, `unreachable`
 */
export function openOutboundSocket(policy: OutboundPolicy, { host, port, timeoutMs }: SocketTarget): Promise<Socket> {
  return new Promise((settle, reject) => {
    if (isIP(host) !== 0 && !isAllowedAddress(policy, host)) throw new OutboundError("address_not_allowed", host);
    const socket = connect({ host, port, lookup: guardedLookup(policy), autoSelectFamily: true });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error instanceof OutboundError ? error : new OutboundError("unreachable", host, error));
    };
    const timer = setTimeout(() => fail(new OutboundError("timeout", host)), timeoutMs);
    socket.once("error", fail);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", fail);
      settle(socket);
    });
  });
}
