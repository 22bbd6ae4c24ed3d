import type { ProviderDeliveries } from "../../core/provider-deliveries";
import type { ConnectionKey } from "../../core/record-reader";
import { unsupported } from "./failures";
import { githubDeliveries } from "./github-deliveries";
import { googleSubscriptions } from "./google-subscriptions";
import type { VendorDeliveries } from "./vendor-deliveries";
import type { OpenedConnection, VendorSessions } from "./vendor-sessions";

const vendors: ReadonlyMap<string, VendorDeliveries> = new Map([
  ["github", githubDeliveries],
  ["google", googleSubscriptions],
]);

/** The deliveries of all vendors that give them again, by the credentials of a connection. */
export function createProviderDeliveries({ demand, logged }: VendorSessions): ProviderDeliveries {
  function on<T>(
    key: ConnectionKey,
    work: (vendor: VendorDeliveries, opened: OpenedConnection) => Promise<T> | undefined,
  ): Promise<T> {
    return logged(key, async () => {
      const vendor = vendors.get(key.integrationId);
      const outcome = vendor && work(vendor, await demand(key));
      if (outcome === undefined) throw unsupported();
      return outcome;
    });
  }
  return {
    wayOf: (integrationId) => vendors.get(integrationId)?.way,
    find: (key, place) => on(key, (vendor, opened) => vendor.find(opened, place)),
    list: (key, query) => on(key, (vendor, opened) => vendor.list?.(opened, query)),
    redeliver: (key, delivery) => on(key, (vendor, opened) => vendor.redeliver?.(opened, delivery)),
    rewind: (key, position) => on(key, (vendor, opened) => vendor.rewind?.(opened, position)),
  };
}
