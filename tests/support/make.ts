import { randomBytes } from "node:crypto";
import type { DoorRecord } from "../../shared/core/delivery";
import type { Registration } from "../../shared/core/registration";
import { newRegistrationId, tenantKeyIn, tenantKeyOf } from "../../shared/core/registration-id";
import type { ProviderEvent, WebhookEvent } from "../../shared/core/webhook-event";
import { type EventMessage, toEventMessage } from "../../shared/usecases/event-message";

/** Noon of the day on which most tests take place, in milliseconds. */
export const noon = Date.UTC(2026, 10, 24, 12);

const tenantKey = tenantKeyOf("test installation", "tenant-123");

/** A registration as `registerWebhook` would make it. */
export function makeRegistration(overrides: Partial<Registration> = {}): Registration {
  const id = overrides.id ?? newRegistrationId(tenantKey);
  return {
    id,
    pk: tenantKeyIn(id) ?? tenantKey,
    tenantId: "tenant-123",
    schemaVersion: 1,
    integrationId: "salesforce",
    connectionId: "conn-123",
    events: ["*"],
    status: "active",
    isVerified: true,
    secretOrigin: "generated",
    secretVersion: "1",
    verification: { scheme: "seed" },
    retryPolicy: { maxRetries: 3, backoffSeconds: 60 },
    metadata: {},
    createdAt: new Date(noon - 60_000).toISOString(),
    updatedAt: new Date(noon - 60_000).toISOString(),
    ...overrides,
  };
}

/** An event as a provider's `parse` would make it. */
export function makeProviderEvent(overrides: Partial<ProviderEvent> = {}): ProviderEvent {
  return {
    entityType: "Contact",
    eventType: "updated",
    entityId: "003",
    nativeType: "Contact.updated",
    completeness: "partial",
    data: { Id: "003", Name: "Ada" },
    ...overrides,
  };
}

let order = noon * 1000;

/** An event as it stands in a queue message. Each is received after the one made before. */
export function makeEvent(overrides: Partial<WebhookEvent> = {}): WebhookEvent {
  order += 1;
  return {
    ...makeProviderEvent(),
    eventId: `${randomBytes(32).toString("hex")}#0`,
    deliveryId: "delivery-1",
    tenantId: "tenant-123",
    registrationId: newRegistrationId(tenantKey),
    integrationId: "salesforce",
    connectionId: "conn-123",
    receivedAt: new Date(noon).toISOString(),
    receivedOrder: order,
    retryPolicy: { maxRetries: 3, backoffSeconds: 60 },
    ...overrides,
  };
}

/** The record of a delivery that ended at the door, as it held nothing that its webhook is for. */
export function makeDoorRecord(overrides: Partial<DoorRecord> = {}): DoorRecord {
  const registrationId = overrides.registrationId ?? newRegistrationId(tenantKey);
  return {
    id: randomBytes(16).toString("hex"),
    pk: registrationId,
    tenantId: "tenant-123",
    schemaVersion: 1,
    registrationId,
    integrationId: "salesforce",
    connectionId: "conn-123",
    deliveryId: "delivery-1",
    receivedAt: new Date(noon).toISOString(),
    verdict: "ignored",
    eventNames: [],
    ...overrides,
  };
}

/** The queue message of an event, as after `failedattempts` failures and `copies` copies. */
export function makeMessage(event: WebhookEvent, failedattempts = 0, copies = 0): EventMessage {
  const { eventId, registrationId, ...data } = event;
  const message = toEventMessage(eventId, registrationId, { data });
  return { ...message, ...(failedattempts > 0 && { failedattempts }), ...(copies > 0 && { copies }) };
}
