import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { ParsedDelivery, Provider } from "../../shared/core/provider";
import { providerNotices } from "../../shared/core/provider-notice";
import type { VerificationSettings } from "../../shared/core/registration";
import { eventTypes } from "../../shared/core/webhook-event";
import { trust } from "../../shared/providers/trust";
import { contractNow } from "../contracts/provider";

/** Parses a body that was verified, and fails the test where what is found is not fit for the queue. */
export function expectSoundParse(
  provider: Provider,
  headers: Record<string, string>,
  body: Buffer,
  settings?: VerificationSettings,
): ParsedDelivery {
  const parsed = provider.parse(trust(new DeliveryRequest(new Headers(headers), body)), contractNow, settings);
  for (const event of parsed.events) {
    expect(event.entityId).not.toBe("");
    expect(event.entityType).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(eventTypes).toContain(event.eventType);
    if (event.version)
      expect(Number.isFinite(event.version.value) || typeof event.version.value === "string").toBe(true);
    if (event.occurredAt !== undefined) expect(new Date(event.occurredAt).toISOString()).toBe(event.occurredAt);
    if (event.id !== undefined) expect(event.id).not.toBe("");
  }
  for (const notice of parsed.notices ?? []) expect(Object.keys(providerNotices)).toContain(notice);
  expect(() => JSON.stringify(parsed)).not.toThrow();
  return parsed;
}
