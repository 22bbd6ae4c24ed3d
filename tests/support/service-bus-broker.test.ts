import { ServiceBusClient, type ServiceBusReceivedMessage, type ServiceBusReceiver } from "@azure/service-bus";
import { ManualClock } from "./service-bus/broker-clock";
import { ServiceBusBroker } from "./service-bus-broker";

/** What tests rely on beyond what the contracts of the queue show: the stand-in as the real client sees it. */
const rules = { lockMs: 30_000, maxDeliveryCount: 2, deadLetterExpired: true };

let clock: ManualClock;
let broker: ServiceBusBroker;
let client: ServiceBusClient;
let receiver: ServiceBusReceiver;

beforeEach(async () => {
  clock = new ManualClock();
  broker = await ServiceBusBroker.start({ queues: { Events: rules }, clock });
  client = new ServiceBusClient(broker.connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: 2000 } });
  receiver = client.createReceiver("events", { maxAutoLockRenewalDurationInMs: 0 });
});
afterEach(async () => {
  await client.close();
  await broker.stop();
});

const send = (message: object = {}) => client.createSender("events").sendMessages({ body: { n: 1 }, ...message });
const receiveAll = (from = receiver) => from.receiveMessages(10, { maxWaitTimeInMs: 10 });
const deadLetters = () => client.createReceiver("events", { subQueueType: "deadLetter" });

async function receiveOne(): Promise<ServiceBusReceivedMessage> {
  const [message] = await receiveAll();
  if (message === undefined) throw new Error("there was nothing to receive");
  return message;
}

describe("the stand-in for Service Bus", () => {
  it("schedules by $management too, tells the sequence number, and cancels by it", async () => {
    const sender = client.createSender("events");
    const at = new Date(clock.now() + 1000);
    const numbers = await sender.scheduleMessages([{ body: 1 }, { body: 2 }], at);
    await sender.cancelScheduledMessages(numbers.slice(0, 1));
    expect(await receiver.peekMessages(10)).toMatchObject([{ body: 2, state: "scheduled" }]);
    clock.passTime(1000);
    expect(await receiveAll()).toMatchObject([{ body: 2 }]);
    await expect(sender.cancelScheduledMessages(numbers)).rejects.toMatchObject({ code: "MessageNotFound" });
  });

  it("makes a dead letter of a message whose time to live is over, or forgets it", async () => {
    await send({ timeToLive: 1000 });
    clock.passTime(1000);
    expect(await receiveAll()).toEqual([]);
    expect(await deadLetters().peekMessages(10)).toMatchObject([{ deadLetterReason: "TTLExpiredException" }]);
    broker.addQueue("events");
    await send({ timeToLive: 1000 });
    clock.passTime(1000);
    expect(await deadLetters().peekMessages(10)).toEqual([]);
  });

  it("keeps reason, description and properties with a dead letter, which can be received and completed", async () => {
    await send();
    const why = { deadLetterReason: "poison", deadLetterErrorDescription: "cannot be read" };
    await receiver.deadLetterMessage(await receiveOne(), { ...why, attempt: 3 });
    const dead = deadLetters();
    const [message] = await receiveAll(dead);
    expect(message).toMatchObject({ ...why, applicationProperties: { attempt: 3 }, deadLetterSource: "Events" });
    if (message) await dead.completeMessage(message);
    expect(broker.queue("events/$DeadLetterQueue").peek(0, 10)).toEqual([]);
  });

  it("keeps a lock when its link is closed, and settles by $management then", async () => {
    await send();
    const message = await receiveOne();
    await receiver.close();
    receiver = client.createReceiver("events");
    expect(await receiveAll()).toEqual([]);
    await receiver.completeMessage(message);
    expect(broker.queue("events").peek(0, 10)).toEqual([]);
  });

  it.each(["abandonMessage", "deadLetterMessage"] as const)("settles with %s by $management too", async (settle) => {
    await send();
    const message = await receiveOne();
    await receiver.close();
    receiver = client.createReceiver("events");
    await receiver[settle](message);
    const [waiting, dead] = [broker.queue("events"), broker.queue("events/$DeadLetterQueue")];
    const expected = settle === "abandonMessage" ? [1, 0] : [0, 1];
    expect([waiting.peek(0, 10).length, dead.peek(0, 10).length]).toEqual(expected);
  });

  it("refuses what has lost its lock", async () => {
    await send();
    const message = await receiveOne();
    expect(await receiver.renewMessageLock(message)).toEqual(new Date(clock.now() + rules.lockMs));
    clock.passTime(rules.lockMs);
    await expect(receiver.renewMessageLock(message)).rejects.toMatchObject({ code: "MessageLockLost" });
    await expect(receiver.completeMessage(message)).rejects.toMatchObject({ code: "MessageLockLost" });
    expect(await receiveOne()).toMatchObject({ deliveryCount: 1 });
  });

  it("hands messages to a receiver that waits for them", async () => {
    const { promise, resolve } = Promise.withResolvers<ServiceBusReceivedMessage>();
    receiver.subscribe({ processMessage: async (message) => resolve(message), processError: async () => undefined });
    await send({ body: { n: 2 } });
    expect(await promise).toMatchObject({ body: { n: 2 } });
  });

  it("keeps messages when it is stopped, and drops them when it is told to", async () => {
    await send();
    await broker.stop();
    await broker.restart();
    expect(await receiver.peekMessages(10)).toHaveLength(1);
    broker.queue("events").clear();
    expect(await receiveAll()).toEqual([]);
  });

  it("says of what it lacks that it lacks it", async () => {
    await send();
    const deferred = receiver.receiveDeferredMessages((await receiveOne()).sequenceNumber ?? []);
    await expect(deferred).rejects.toThrow("The stand-in has no com.microsoft:receive-by-sequence-number.");
    const careless = client.createReceiver("events", { receiveMode: "receiveAndDelete" });
    await expect(receiveAll(careless)).rejects.toThrow("The stand-in has no receive-and-delete.");
    await expect(client.acceptSession("events", "s")).rejects.toThrow("session");
  });
});
