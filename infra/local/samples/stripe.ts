import { randomUUID } from "node:crypto";
import { type Content, hmacHex, jsonContent, type SampleProvider, unixSeconds } from "./sample";

/** Snapshot events about one customer (docs.stripe.com/api/events/object). */
export const stripeSamples: SampleProvider = {
  integrationId: "stripe",
  schemes: ["native"],
  events: new Map(
    ["customer.created", "customer.updated", "customer.deleted"].map((type) => [type, () => event(type)]),
  ),
  sign: ({ body }, { secret }) => {
    const timestamp = String(unixSeconds());
    return { headers: { "stripe-signature": `t=${timestamp},v1=${hmacHex(secret, `${timestamp}.`, body)}` } };
  },
};

function event(type: string): Content {
  return jsonContent({
    id: `evt_${randomUUID().replaceAll("-", "")}`,
    object: "event",
    api_version: "2025-09-30.clover",
    created: unixSeconds(),
    type,
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    data: { object: { id: "cus_NffrFeUfNV2Hib", object: "customer", name: "Ada Lovelace", created: 1700000000 } },
  });
}
