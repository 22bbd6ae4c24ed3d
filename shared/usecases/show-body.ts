import { isUtf8 } from "node:buffer";
import type { DeliveryRecord } from "../core/delivery";
import { maskSecrets } from "../core/mask-secrets";
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
  const secrets = kept && (await secretsOf(services, tenantId, registrationId));
  if (!kept || !secrets) return {};
  const body = maskSecrets(kept.body, secrets);
  return isUtf8(body)
    ? { body: body.toString("utf8"), bodyEncoding: "utf-8" }
    : { body: body.toString("base64"), bodyEncoding: "base64" };
}

/** Those that verify, and those that did, as they stand now; `undefined` where the webhook is gone. */
async function secretsOf(
  { registrations, secrets }: Services,
  tenantId: string,
  registrationId: string,
): Promise<readonly string[] | undefined> {
  const found = await registrations.findOwn(tenantId, registrationId);
  if (found === undefined) return undefined;
  const { secretVersion, rotation, formerSecretVersions = [] } = found.value;
  const versions = [secretVersion, rotation?.replaced.secretVersion, ...formerSecretVersions];
  const known = versions.filter((version) => version !== undefined);
  const read = await Promise.all(known.map((version) => secrets.get(registrationId, version)));
  return read.filter((secret) => secret !== undefined);
}
