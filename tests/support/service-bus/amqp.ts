import rhea, { type link, type Message, type Sender } from "rhea";

/** What rhea can do but does not say in its types, and the few formats of Service Bus, in one place. */

const { message: codec, types } = rhea;

/** Message format of a batch: one data section for each encoded message (`@azure/service-bus` serviceBusMessageBatch). */
export const BATCH_FORMAT = 0x80013700;

/** AMQP type codes of the arrays in `$management` replies. */
export const LONG = 0x81;
export const TIMESTAMP = 0x83;

/** Message states. */
const [DEFERRED, SCHEDULED] = [1, 2];

const LOCK_TOKEN_BYTES = 16;

/** The messages of a transfer: a batch holds several. */
export function messagesOf(content: Message | Buffer, format: number): readonly Message[] {
  if (!Buffer.isBuffer(content)) return [content];
  if (format !== BATCH_FORMAT) throw new Error(`a message of unknown format ${format}`);
  const sections: unknown = codec.decode(content)["body"].content;
  return toList(sections).map((section) => decode(section));
}

/** Bytes to a message. */
export function decode(bytes: unknown): Message {
  if (!Buffer.isBuffer(bytes)) throw new Error("not an encoded message");
  return { body: undefined, ...codec.decode(bytes) };
}

/** A message to bytes. */
export function encode(message: Message): Buffer {
  return codec.encode(message);
}

/** One value or several, as rhea reads lists and arrays. */
export function toList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** A number that rhea left as 8 bytes, or not. */
export function toNumber(value: unknown): number {
  return Buffer.isBuffer(value) ? Number(value.readBigInt64BE()) : Number(value);
}

/** An AMQP array of numbers of one type. */
export function arrayOf(typeCode: number, values: readonly number[]): unknown {
  return types.wrap_array([...values], typeCode, undefined);
}

/** The annotations with which Service Bus hands out a message. Times in milliseconds. */
export function annotationsOf(entry: {
  readonly sequenceNumber: number;
  readonly enqueuedAt: number;
  readonly lockedUntil?: number;
  readonly scheduledFor?: number;
  readonly isDeferred?: boolean;
}): Record<string, unknown> {
  const { sequenceNumber, enqueuedAt, lockedUntil, scheduledFor, isDeferred } = entry;
  return {
    "x-opt-sequence-number": types.wrap_long(sequenceNumber),
    "x-opt-enqueued-time": types.wrap_timestamp(enqueuedAt),
    ...(lockedUntil === undefined ? {} : { "x-opt-locked-until": types.wrap_timestamp(lockedUntil) }),
    ...(scheduledFor === undefined ? {} : { "x-opt-message-state": types.wrap_int(SCHEDULED) }),
    ...(isDeferred === true ? { "x-opt-message-state": types.wrap_int(DEFERRED) } : {}),
  };
}

/** The delivery tag of a locked message is its lock token. */
export function toDeliveryTag(lockToken: string): Buffer {
  return Buffer.from(lockToken, "hex");
}

/** The lock token of a delivery tag. */
export function fromDeliveryTag(tag: unknown): string {
  return Buffer.isBuffer(tag) ? tag.toString("hex") : "";
}

/** The lock token of a `$management` request, which writes it in the byte order of a .NET GUID. */
export function fromGuid(value: unknown): string {
  if (!Buffer.isBuffer(value) || value.length !== LOCK_TOKEN_BYTES) return "";
  const [a, b, c, rest] = [value.subarray(0, 4), value.subarray(4, 6), value.subarray(6, 8), value.subarray(8)];
  return Buffer.concat([...[a, b, c].map((part) => Buffer.from(part).reverse()), rest]).toString("hex");
}

/** How many deliveries a consumer allows on a link, over all its life. rhea counts a delivery only when it writes it. */
export function deliveryLimit(sender: Sender): number {
  return Number(Reflect.get(sender, "credit")) + Number(Reflect.get(sender, "delivery_count"));
}

/** The described outcome of a delivery, for `Delivery.update`. */
export function outcome(name: "accepted" | "rejected", fields?: object): unknown {
  const make: unknown = Reflect.get(codec, name);
  if (typeof make !== "function") throw new Error(`rhea has no outcome ${name}`);
  return make(fields).described();
}

/** Attaches a link with these settle modes, which answer those that the client asked for. */
export function confirmSettleModes(target: link): void {
  const attach: unknown = Reflect.get(Reflect.get(target, "local"), "attach");
  if (typeof attach !== "object" || attach === null) throw new Error("rhea has no local attach frame");
  Object.assign(attach, { snd_settle_mode: target.snd_settle_mode, rcv_settle_mode: target.rcv_settle_mode });
}

/**
 * Settles a delivery in a turn of its own. Of two neighbouring deliveries that are settled in one turn rhea 3.0.5 tells the
 * first one's outcome for both (`lib/session.js`, `write_dispositions`), so only those that are accepted may share a turn.
 */
export function inTurn(settle: () => void): void {
  setImmediate(settle);
}
