import type { Server } from "node:net";
import rhea, { type Connection, type Container, type EventContext, type Receiver, type Sender } from "rhea";
import { confirmSettleModes } from "./amqp";
import { type BrokerError, notBuilt, toBrokerError, unauthorised, unknownEntity } from "./broker-error";
import type { BrokerQueue } from "./broker-queue";
import type { PutToken } from "./claims";
import { ConsumerLink, type Settlement } from "./consumer-link";
import { manage } from "./management";

/** What the front end asks of the broker behind it. */
export interface Desk {
  find(entityPath: string): BrokerQueue | undefined;
  /** @throws {BrokerError} */
  checkToken(request: PutToken): void;
  /** A transfer for a queue: the broker accepts or rejects its delivery, when it sees fit. */
  take(queue: BrokerQueue, context: EventContext): void;
}

/** How the front end listens. */
export interface ListenOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** What an attach says about the largest message; Service Bus Standard says 262,144. */
  readonly maxMessageBytes: number;
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

/** Addresses of requests and replies, not of messages. */
const CBS = "$cbs";
const MANAGEMENT = "/$management";
/** A message whose lock ran out stays in rhea's buffer until its link is closed, or a late settlement got no answer. */
const BUFFERED_DELIVERIES = 65_536;
const CREDIT = 1000;
const SETTLED = 1;
const MAX_FRAME_BYTES = 65_536;

/** The AMQP 1.0 side of the stand-in: connections, claims, links, and the requests to `$cbs` and `$management`. */
export class AmqpFrontEnd {
  readonly #desk: Desk;
  readonly #container: Container;
  readonly #authorised = new WeakSet<Connection>();
  readonly #consumers = new Map<Sender, ConsumerLink>();
  /** The links by which replies go, by the name that requests give as `reply_to`. */
  readonly #replyLinks = new Map<string, Sender>();

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#container = rhea.create_container({ id: "service-bus-stand-in" });
    this.#container.sasl_server_mechanisms.enable_anonymous();
    this.#container.sasl_server_mechanisms.enable_plain(() => true);
    this.#listenToLinks();
    this.#listenToConsumers();
    // Without a listener rhea writes to the console.
    const reported = ["error", "protocol_error", "connection_error", "session_error", "receiver_error", "sender_error"];
    for (const event of reported) this.#container.on(event, () => undefined);
  }

  /** Starts to listen on localhost. */
  listen({ port, maxMessageBytes, tls }: ListenOptions): Server {
    const receiver_options = { autoaccept: false, credit_window: CREDIT, max_message_size: maxMessageBytes };
    const sender_options = { autosettle: true, treat_modified_as_released: false };
    const buffers = { max_frame_size: MAX_FRAME_BYTES, session_buffer_size: BUFFERED_DELIVERIES, tcp_no_delay: true };
    const options = { port, host: "localhost", receiver_options, sender_options, ...buffers };
    return tls ? this.#container.listen({ ...options, ...tls, transport: "tls" }) : this.#container.listen(options);
  }

  #listenToLinks(): void {
    this.#container.on("receiver_open", ({ receiver }: EventContext) => receiver && this.#openForSending(receiver));
    this.#container.on("sender_open", ({ sender }: EventContext) => sender && this.#openForReceiving(sender));
    this.#container.on("sender_close", ({ sender }: EventContext) => sender && this.#forget(sender));
    this.#container.on("session_close", ({ session }: EventContext) =>
      this.#forgetAll((sender) => sender.session === session),
    );
    this.#container.on("disconnected", ({ connection }: EventContext) =>
      this.#forgetAll((sender) => sender.connection === connection),
    );
    this.#container.on("message", (context: EventContext) => this.#route(context));
  }

  #listenToConsumers(): void {
    for (const event of ["sender_flow", "sendable"]) {
      this.#container.on(event, ({ sender }: EventContext) => sender && this.#consumers.get(sender)?.pump());
    }
    this.#container.on("sender_draining", ({ sender }: EventContext) => sender && this.#consumers.get(sender)?.drain());
    for (const event of ["accepted", "released", "modified", "rejected"] satisfies Settlement[]) {
      this.#container.on(event, ({ sender, delivery }: EventContext) => {
        if (sender && delivery) this.#consumers.get(sender)?.settle(delivery, event);
      });
    }
  }

  #openForSending(receiver: Receiver): void {
    const { address } = receiver.target;
    receiver.set_target({ address });
    const refusal = this.#refusalOf(address, receiver.connection);
    if (refusal) refuse(receiver, refusal);
  }

  #openForReceiving(sender: Sender): void {
    const { address } = sender.source;
    sender.set_source({ address });
    confirmSettleModes(sender);
    const queue = this.#desk.find(address);
    const refusal = this.#refusalOf(address, sender.connection) ?? (queue ? refusalOfMode(sender) : undefined);
    if (refusal) refuse(sender, refusal);
    else if (isForRequests(address)) this.#replyLinks.set(sender.name, sender);
    else if (queue) this.#consumers.set(sender, new ConsumerLink(queue, sender));
  }

  #refusalOf(address: string, connection: Connection): BrokerError | undefined {
    if (address === CBS) return undefined;
    if (!this.#authorised.has(connection)) return unauthorised();
    return this.#desk.find(entityOf(address)) ? undefined : unknownEntity(entityOf(address));
  }

  #route(context: EventContext): void {
    const address = context.receiver?.target.address ?? "";
    const queue = this.#desk.find(entityOf(address));
    if (address === CBS) this.#reply(context, () => this.#putToken(context));
    else if (queue && isForRequests(address)) this.#reply(context, () => manage(queue, ...requestOf(context)));
    else if (queue) this.#desk.take(queue, context);
  }

  #putToken({ connection, message }: EventContext): object {
    this.#desk.checkToken({ type: message?.application_properties?.["type"], token: message?.body });
    this.#authorised.add(connection);
    return {};
  }

  #reply({ message, delivery }: EventContext, carryOut: () => object | undefined): void {
    delivery?.accept();
    let body: object | undefined = {};
    let properties: Record<string, unknown> = { statusCode: 200 };
    try {
      body = carryOut();
      if (body === undefined) properties = { statusCode: 204 };
    } catch (error) {
      const { statusCode, condition, message: description } = toBrokerError(error);
      properties = { statusCode, "error-condition": condition, "status-description": description };
    }
    const replyLink = this.#replyLinks.get(message?.reply_to ?? "");
    const correlation = message?.message_id === undefined ? {} : { correlation_id: message.message_id };
    // `$cbs` clients look for one spelling of the status and `$management` clients for the other.
    const both = { ...properties, "status-code": properties["statusCode"] };
    replyLink?.send({ ...correlation, application_properties: both, body: body ?? {} });
  }

  #forget(sender: Sender): void {
    this.#replyLinks.delete(sender.name);
    this.#consumers.get(sender)?.close();
    this.#consumers.delete(sender);
  }

  #forgetAll(isGone: (sender: Sender) => boolean): void {
    for (const sender of [...this.#replyLinks.values(), ...this.#consumers.keys()].filter(isGone)) this.#forget(sender);
  }
}

function isForRequests(address: string): boolean {
  return address === CBS || address.endsWith(MANAGEMENT);
}

function entityOf(address: string): string {
  return address.endsWith(MANAGEMENT) ? address.slice(0, -MANAGEMENT.length) : address;
}

/** Sessions are asked for by a filter, receive-and-delete by deliveries that are settled when they are sent. */
function refusalOfMode(sender: Sender): BrokerError | undefined {
  if (sender.source.filter) return notBuilt("sessions");
  return sender.snd_settle_mode === SETTLED ? notBuilt("receive-and-delete") : undefined;
}

function requestOf({ message }: EventContext): [operation: string, body: Record<string, unknown>] {
  return [String(message?.application_properties?.["operation"]), message?.body];
}

/** A refused attach names no terminus and is closed at once (AMQP 1.0, 2.6.3). */
function refuse(target: Sender | Receiver, error: BrokerError): void {
  target.set_source({ address: "" });
  target.close(error.toAmqp());
}
