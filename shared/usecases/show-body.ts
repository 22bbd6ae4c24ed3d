import { isUtf8 } from "node:buffer";
import type { DeliveryRecord } from "../core/delivery";
import type { DeliveryDetails } from "./delivery-view";
import type { Services } from "./services";

const MASK = "***";

/**
 * The body of a delivery as it is kept, without the secrets that its webhook verifies by now: some providers write them
 * into it. Nothing where no body is kept.
 * @throws {WebhookError} `store_unavailable`, `secrets_unavailable`
 */
export async function showBody(
  { keptRequests, cache }: Services,
  { tenantId, registrationId, request }: DeliveryRecord,
): Promise<Pick<DeliveryDetails, "body" | "bodyEncoding">> {
  const keptAs = request?.keptAs;
  const kept = keptAs && (await keptRequests.get({ tenantId, registrationId, keptAs }));
  if (!kept) return {};
  const entry = await cache.find(registrationId);
  const body = mask(kept.body, [...(entry?.secrets ?? []), ...(entry?.previous?.secrets ?? [])]);
  return isUtf8(body)
    ? { body: body.toString("utf8"), bodyEncoding: "utf-8" }
    : { body: body.toString("base64"), bodyEncoding: "base64" };
}

/** As it stands in `application/x-www-form-urlencoded`. */
function inForm(value: string): string {
  return new URLSearchParams([["", value]]).toString().slice(1);
}

/** Byte by byte, so that what is no text is left as it is. */
function mask(body: Buffer, secrets: readonly string[]): Buffer {
  const masked = secrets
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), inForm(secret)])
    .reduce((bytes, form) => bytes.replaceAll(Buffer.from(form).toString("latin1"), MASK), body.toString("latin1"));
  return Buffer.from(masked, "latin1");
}
