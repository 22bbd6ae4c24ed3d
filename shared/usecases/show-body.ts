import { isUtf8 } from "node:buffer";
import { maskSecrets } from "../core/mask-secrets";
import type { DeliveryRecord } from "../core/delivery";
import type { DeliveryDetails } from "./delivery-view";
import type { Services } from "./services";

/**
 * The body of a delivery as it is kept, without the secrets of its webhook: some providers write them into it. Nothing where
 * no body is kept, or its webhook is gone, and with it what there would be to mask.
 * @throws {WebhookError} `store_unavailable`, `secrets_unavailable`
 */
export async function showBody(
  services: Services,
  { tenantId, registrationId, request }: DeliveryRecord,
): Promise<Pick<DeliveryDetails, "body" | "bodyEncoding">> {
  const keptAs = request?.keptAs;
  const kept = keptAs && (await services.keptRequests.get({ tenantId, registrationId, keptAs }));
  const secrets = kept && (await secretsOf(services, registrationId));
  if (!kept || !secrets) return {};
  const body = maskSecrets(kept.body, secrets);
  return isUtf8(body)
    ? { body: body.toString("utf8"), bodyEncoding: "utf-8" }
    : { body: body.toString("base64"), bodyEncoding: "base64" };
}

/** Those that verify, and those that did; `undefined` where the webhook is gone. */
async function secretsOf({ cache, secrets }: Services, registrationId: string): Promise<readonly string[] | undefined> {
  const entry = await cache.find(registrationId);
  if (entry === undefined) return undefined;
  const { formerSecretVersions = [] } = entry.registration;
  const former = await Promise.all(formerSecretVersions.map((version) => secrets.get(registrationId, version)));
  return [...entry.secrets, ...(entry.previous?.secrets ?? []), ...former.filter((secret) => secret !== undefined)];
}
