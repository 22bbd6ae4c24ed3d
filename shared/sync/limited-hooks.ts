import type { ProviderHooks } from "../core/provider-hook";
import { type CallLimits, limitCalls } from "./limited-calls";

/** Hooks within the same limits as the reading and writing of records. */
export function limitedHooks(hooks: ProviderHooks, limits: CallLimits): ProviderHooks {
  const limited = limitCalls(limits);
  return {
    put: (connection, order) =>
      limited(connection, order.known === undefined ? "create" : "update", () => hooks.put(connection, order)),
    remove: (connection, place, hook) => limited(connection, "delete", () => hooks.remove(connection, place, hook)),
  };
}
