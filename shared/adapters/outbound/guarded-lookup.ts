import { lookup as resolve } from "node:dns";
import type { LookupFunction } from "node:net";
import { isAllowedAddress, OutboundError, type OutboundPolicy } from "../../core/outbound";

/** Checks what a name stands for at the very moment of connecting, so that it cannot be changed in between. */
export function guardedLookup(policy: OutboundPolicy): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) callback(error, []);
      else if (addresses.some(({ address }) => !isAllowedAddress(policy, address))) {
        callback(new OutboundError("address_not_allowed", hostname), []);
      } else callback(null, addresses);
    });
  };
}
