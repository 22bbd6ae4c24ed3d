import type { ProviderDeliveries } from "../core/provider-deliveries";
import { type CallLimits, limitCalls } from "./limited-calls";

/** Deliveries are asked for within the same limits as the reading and writing of records. */
export function limitedDeliveries(deliveries: ProviderDeliveries, limits: CallLimits): ProviderDeliveries {
  const limited = limitCalls(limits);
  return {
    wayOf: (integrationId) => deliveries.wayOf(integrationId),
    find: (connection, place) => limited(connection, "fetch", () => deliveries.find(connection, place)),
    list: (connection, query) => limited(connection, "fetch", () => deliveries.list(connection, query)),
    redeliver: (connection, delivery) =>
      limited(connection, "update", () => deliveries.redeliver(connection, delivery)),
    rewind: (connection, position) => limited(connection, "update", () => deliveries.rewind(connection, position)),
  };
}
