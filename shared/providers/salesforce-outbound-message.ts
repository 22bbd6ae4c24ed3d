import type { DeliveryRequest } from "../core/delivery-request";
import type { HandshakeReply, ParsedDelivery, Proof } from "../core/provider";
import { DeliveryRefused, type Explanation, type RefusalReason } from "../core/refusal";
import type { ProviderEvent } from "../core/webhook-event";
import { foreignSignature } from "./foreign-signature";
import { isSameText } from "./signature";
import { statedTime } from "./stated-time";
import { parseXml, type XmlElement } from "./xml";

/**
 * Outbound Messages (SOAP API Developer Guide, "Outbound Messaging"): a SOAP message with 1 to 100 notifications, which
 * nobody signs. All that it says of its origin is the organisation's id, which is no secret: the URL is what keeps
 * strangers out. It repeats for 24 hours until it is acknowledged, in other company and out of order, so that each
 * notification is told by its own id. `SessionId` is a live credential and is never read.
 */
const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
const OUTBOUND = "http://soap.sforce.com/2005/09/outbound";
const SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance";
/** `urn:sobject.enterprise.soap.sforce.com` or `urn:sobject.partner.soap.sforce.com`. */
const SOBJECT = "urn:sobject.";
const MAX_NOTIFICATIONS = 100;

/** The name of the scheme. */
export const OUTBOUND_MESSAGE = "outbound-message";

/** The 18 characters of an organisation's id. */
export const organizationIdForm = /^00D[A-Za-z0-9]{15}$/;
const objectType = /^(?:[A-Za-z_][\w.-]*:)?(\w+)$/;

interface OutboundMessage {
  readonly organizationId: string;
  readonly notifications: readonly XmlElement[];
}

/** What `verify` opened, so that nobody need open it again. */
const opened = new WeakMap<DeliveryRequest, OutboundMessage>();

/**
 * Returns if the message comes from the registration's organisation.
 * @throws {DeliveryRefused} `pending_verification`, `body_malformed`, `organization_mismatch`
 */
export function demandOutboundMessage(request: DeliveryRequest, { settings }: Proof): void {
  const { organizationId = "" } = settings;
  if (!organizationIdForm.test(organizationId)) throw new DeliveryRefused("pending_verification");
  const message = openMessage(request);
  if (message === undefined) throw new DeliveryRefused("body_malformed");
  opened.set(request, message);
  if (!isSameText(message.organizationId, organizationId)) throw new DeliveryRefused("organization_mismatch");
}

function openMessage(request: DeliveryRequest): OutboundMessage | undefined {
  const root = parseXml(request.body);
  if (root === undefined || !is(root, SOAP, "Envelope")) return undefined;
  const message = only(only(root, SOAP, "Body"), OUTBOUND, "notifications");
  // Two organisations would leave it open whose message this is.
  const organizationId = only(message, OUTBOUND, "OrganizationId")?.text.trim() ?? "";
  const notifications = childrenOf(message, OUTBOUND, "Notification");
  const isWhole = organizationId !== "" && notifications.length > 0 && notifications.length <= MAX_NOTIFICATIONS;
  return isWhole ? { organizationId, notifications } : undefined;
}

function is(element: XmlElement, namespace: string, name: string): boolean {
  return element.namespace === namespace && element.name === name;
}

function childrenOf(element: XmlElement | undefined, namespace: string, name: string): readonly XmlElement[] {
  return (element?.children ?? []).filter((child) => is(child, namespace, name));
}

function only(element: XmlElement | undefined, namespace: string, name: string): XmlElement | undefined {
  const found = childrenOf(element, namespace, name);
  return found.length === 1 ? found[0] : undefined;
}

/** The events of a verified message, one for each notification. */
export function parseOutboundMessage(request: DeliveryRequest): ParsedDelivery {
  const message = opened.get(request) ?? openMessage(request);
  const events = new Map<string, ProviderEvent>();
  for (const notification of message?.notifications ?? []) {
    const event = eventOf(notification, message?.organizationId);
    if (event?.id !== undefined && !events.has(event.id)) events.set(event.id, event);
  }
  const [deliveryId] = events.keys();
  if (deliveryId === undefined) return { events: [], ignored: "unknown_shape" };
  return { deliveryId, events: [...events.values()] };
}

/** The record as it was when the message was sent, not when it changed: what happened, only its own dates can tell. */
function eventOf(notification: XmlElement, scope: string | undefined): ProviderEvent | undefined {
  const id = only(notification, OUTBOUND, "Id")?.text.trim() ?? "";
  const record = only(notification, OUTBOUND, "sObject");
  const type = record?.attributes.get(`${SCHEMA_INSTANCE} type`)?.trim() ?? "";
  const entityType = objectType.exec(type)?.[1];
  const data = fieldsOf(record);
  const entityId = data["Id"]?.trim() ?? "";
  if (id === "" || entityType === undefined || entityId === "") return undefined;
  const created = data["CreatedDate"] ?? undefined;
  return {
    id,
    entityType,
    eventType: created !== undefined && created === data["LastModifiedDate"] ? "created" : "updated",
    entityId,
    nativeType: `${entityType}.outbound_message`,
    nativeAction: "outbound_message",
    ...statedTime(data["SystemModstamp"] ?? data["LastModifiedDate"]),
    scope,
    completeness: "partial",
    data,
  };
}

/** The fields that were chosen for the message, as text: the message does not tell their types. */
function fieldsOf(record: XmlElement | undefined): Readonly<Record<string, string | null>> {
  const fields = (record?.children ?? []).filter(
    ({ namespace, children }) => namespace.startsWith(SOBJECT) && children.length === 0,
  );
  return Object.fromEntries(fields.map((field) => [field.name, isNil(field) ? null : field.text]));
}

function isNil({ attributes }: XmlElement): boolean {
  return ["true", "1"].includes(attributes.get(`${SCHEMA_INSTANCE} nil`) ?? "");
}

/** Any other answer, a bare 200 included, counts as a failure, and the message is sent again. */
export function acknowledgement(): HandshakeReply {
  const ack = `<notificationsResponse xmlns="${OUTBOUND}"><Ack>true</Ack></notificationsResponse>`;
  return {
    status: 200,
    headers: { "content-type": "text/xml; charset=utf-8" },
    body: `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="${SOAP}"><soapenv:Body>${ack}</soapenv:Body></soapenv:Envelope>`,
  };
}

/** What the owner may want to know of a message that was refused. */
export function explainOutboundMessage(request: DeliveryRequest, reason: RefusalReason): Explanation | undefined {
  if (reason === "body_malformed") return foreignSignature(request, "salesforce", OUTBOUND_MESSAGE);
  const organizationId = opened.get(request)?.organizationId ?? "";
  return reason === "organization_mismatch" && /^[A-Za-z0-9]{15,18}$/.test(organizationId)
    ? { reason, detail: `It names the organisation ${organizationId}.` }
    : undefined;
}

/** True for what looks like such a message, whether or not it is one. */
export function looksLikeOutboundMessage({ body }: DeliveryRequest): boolean {
  return body.includes(OUTBOUND);
}
