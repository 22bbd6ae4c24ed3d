import type { ProviderDeliveries, ResendWay, SentDelivery, SentQuery } from "../../core/provider-deliveries";
import type { OpenedConnection } from "./vendor-sessions";

/** What one vendor remembers of deliveries; what each method does and throws, `ProviderDeliveries` says. */
export interface VendorDeliveries {
  readonly way: ResendWay;
  find(opened: OpenedConnection, place: Parameters<ProviderDeliveries["find"]>[1]): Promise<string | undefined>;
  list?(
    opened: OpenedConnection,
    query: SentQuery,
  ): Promise<{ readonly deliveries: readonly SentDelivery[]; readonly cursor?: string }>;
  redeliver?(opened: OpenedConnection, delivery: Parameters<ProviderDeliveries["redeliver"]>[1]): Promise<void>;
  rewind?(opened: OpenedConnection, position: Parameters<ProviderDeliveries["rewind"]>[1]): Promise<void>;
}
