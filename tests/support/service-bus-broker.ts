import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { type Server, Socket } from "node:net";
import type { EventContext } from "rhea";
import { encode, inTurn, messagesOf } from "./service-bus/amqp";
import { AmqpFrontEnd } from "./service-bus/amqp-front-end";
import { type BrokerClock, realClock } from "./service-bus/broker-clock";
import { BrokerError, toBrokerError, tooLarge } from "./service-bus/broker-error";
import { BrokerQueue, type BrokerQueueRules } from "./service-bus/broker-queue";
import { checkToken, type Claims } from "./service-bus/claims";
import { scheduledTimeOf } from "./service-bus/management";

/** What a broker is started with. */
export interface BrokerOptions {
  /** The queues by name; what is left out of their rules is as on a new queue. */
  readonly queues: Readonly<Record<string, Partial<BrokerQueueRules>>>;
  /** By default the real one. */
  readonly clock?: BrokerClock;
  /** By default that of Service Bus Standard. */
  readonly maxMessageBytes?: number;
  /** Listen with TLS; an identity's token goes over nothing else. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** What a new queue has (Service Bus quotas and defaults); duplicate detection is off. */
const defaultRules = {
  lockMs: 60_000,
  maxDeliveryCount: 10,
  duplicateWindowMs: 0,
  deadLetterExpired: false,
  partitions: 1,
};
const STANDARD_MESSAGE_BYTES = 262_144;
/** Node.js tells here of each socket that a client makes. */
const CLIENT_SOCKETS = "net.client.socket";

/**
 * Stands in for a Service Bus namespace: speaks AMQP 1.0 with the real `@azure/service-bus` client. Built are claims,
 * queues with peek-lock, `$management`, batches, schedules, duplicate detection, dead letters and putting messages aside;
 * sessions, topics, receiving what was put aside, transactions and receive-and-delete are not. And it can be made to fail.
 */
export class ServiceBusBroker {
  readonly claims: Claims = {
    sharedAccessKeyName: "test",
    sharedAccessKey: Buffer.from("the shared access key of the stand-in").toString("base64"),
    bearerToken: "bearer-token-of-the-stand-in",
  };
  readonly #options: BrokerOptions;
  readonly #queues = new Map<string, BrokerQueue>();
  readonly #frontEnd = new AmqpFrontEnd({
    find: (entityPath) => this.#queues.get(entityPath.toLowerCase()),
    checkToken: (request) => checkToken(request, this.claims),
    take: (queue, context) => this.#take(queue, context),
  });
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #transfers = 0;
  #connections = 0;
  #frozen = false;
  #held: (() => void)[] | undefined;
  #refusal: BrokerError | undefined;
  #refusals = 0;
  #answersToLose = 0;

  private constructor(options: BrokerOptions) {
    this.#options = options;
    for (const [name, rules] of Object.entries(options.queues)) this.addQueue(name, rules);
  }

  /** A broker that listens on a free port. */
  static async start(options: BrokerOptions): Promise<ServiceBusBroker> {
    const broker = new ServiceBusBroker(options);
    await broker.restart();
    return broker;
  }

  /** With the key, over plain TCP. */
  get connectionString(): string {
    const { sharedAccessKeyName, sharedAccessKey } = this.claims;
    const key = `SharedAccessKeyName=${sharedAccessKeyName};SharedAccessKey=${sharedAccessKey}`;
    return `Endpoint=sb://${this.fullyQualifiedNamespace};${key};UseDevelopmentEmulator=true`;
  }

  /** Host and port. */
  get fullyQualifiedNamespace(): string {
    return `localhost:${this.#port}`;
  }

  /** Transfers to queues so far, whatever became of them; a batch is one. */
  get transfers(): number {
    return this.#transfers;
  }

  /** Connections so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Makes a queue, as an administrator would. */
  addQueue(name: string, rules: Partial<BrokerQueueRules> = {}): BrokerQueue {
    const queue = new BrokerQueue(name, { ...defaultRules, ...rules }, this.#options.clock ?? realClock);
    this.#queues.set(name.toLowerCase(), queue);
    if (queue.deadLetters) this.#queues.set(queue.deadLetters.name.toLowerCase(), queue.deadLetters);
    return queue;
  }

  /** A queue of the namespace; `name/$DeadLetterQueue` is its sub-queue. */
  queue(name: string): BrokerQueue {
    const queue = this.#queues.get(name.toLowerCase());
    if (queue === undefined) throw new Error(`no queue ${name}`);
    return queue;
  }

  /**
   * Reads nothing more from the connections there are, a network that swallows everything; and from later ones, unless only
   * the present ones are meant.
   */
  freeze(which: "all" | "present" = "all"): void {
    this.#frozen = which === "all";
    for (const socket of this.#sockets) socket.pause();
  }

  /** Reads on; what was sent meanwhile arrives now. */
  thaw(): void {
    this.#frozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Leaves transfers undecided until `decideSends`; everything else goes on. */
  holdSends(): void {
    this.#held ??= [];
  }

  /** How many transfers are held. */
  get heldSends(): number {
    return this.#held?.length ?? 0;
  }

  /** Decides on the held transfers, and on later ones at once. */
  decideSends(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const decide of held) decide();
  }

  /** Rejects the next transfers with this AMQP error condition, all of them until `acceptSends` if no number is named. */
  refuseSends(condition: string, times = Infinity): void {
    this.#refusal = new BrokerError(condition, "refused by the test", 403);
    this.#refusals = times;
  }

  /** Takes transfers again. */
  acceptSends(): void {
    this.#refusals = 0;
  }

  /** Takes the messages of the next transfers, and says nothing about it: an answer that the network lost. */
  loseAnswers(times: number): void {
    this.#answersToLose = times;
  }

  /** Ends all connections without a word and listens no more. Messages stay. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    unsubscribe(CLIENT_SOCKETS, sendWithoutDelay);
    this.#held = undefined;
    server.close();
    // rhea notices the end of a connection only by an error or by the other side's end.
    for (const socket of this.#sockets) socket.destroy(new Error("the broker was stopped"));
    await once(server, "close");
  }

  /** Listens again, on the port that it had. */
  async restart(): Promise<void> {
    const { maxMessageBytes = STANDARD_MESSAGE_BYTES, tls } = this.#options;
    subscribe(CLIENT_SOCKETS, sendWithoutDelay);
    const server = this.#frontEnd.listen({ port: this.#port, maxMessageBytes, tls });
    this.#server = server;
    server.on(tls ? "secureConnection" : "connection", (socket: Socket) => this.#watch(socket));
    await once(server, "listening");
    const address = server.address();
    if (typeof address === "object" && address) this.#port = address.port;
  }

  #watch(socket: Socket): void {
    this.#connections++;
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    if (this.#frozen) socket.pause();
  }

  #take(queue: BrokerQueue, context: EventContext): void {
    this.#transfers++;
    const decide = (): void => this.#decide(queue, context);
    if (this.#held) this.#held.push(decide);
    else decide();
  }

  #decide(queue: BrokerQueue, { delivery, message }: EventContext): void {
    try {
      if (this.#refusal && this.#refusals-- > 0) throw this.#refusal;
      if (message === undefined) throw new Error("a transfer without a message");
      const { maxMessageBytes = STANDARD_MESSAGE_BYTES } = this.#options;
      const bytes = Buffer.isBuffer(message) ? message : encode(message);
      if (bytes.length > maxMessageBytes) throw tooLarge();
      for (const each of messagesOf(message, delivery?.format ?? 0)) queue.enqueue(each, scheduledTimeOf(each));
      if (this.#answersToLose-- <= 0) delivery?.accept();
    } catch (error) {
      inTurn(() => delivery?.reject(toBrokerError(error).toAmqp()));
    }
  }
}

/**
 * The client's handshake is many small writes, several of which wait for the acknowledgement of the one before (Nagle's
 * algorithm): 100 ms for each connection, which tests can do without.
 */
function sendWithoutDelay(message: unknown): void {
  const socket: unknown = Reflect.get(Object(message), "socket");
  if (socket instanceof Socket) socket.setNoDelay(true);
}
