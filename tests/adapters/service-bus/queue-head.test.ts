import { ServiceBusClient } from "@azure/service-bus";
import { makeMessage } from "../../contracts/event-queue";
import { noon } from "../../support/make";
import { ManualClock } from "../../support/service-bus/broker-clock";
import type { BrokerQueueRules } from "../../support/service-bus/broker-queue";
import { makeMessages, useBroker } from "./use-broker";

const HOUR_MS = 3_600_000;
/** What one look goes through at most. */
const LONGEST_LOOK = 1001;

describe("the age of a Service Bus queue", () => {
  const clock = new ManualClock();
  const { broker, open } = useBroker({ clock });
  const opened = () => {
    const queue = open();
    return { queue, oldestAt: async () => (await queue.depth())?.oldestAt };
  };

  /** Puts messages into the queue that become visible an hour later. */
  function scheduleMany(count: number): void {
    for (let n = 0; n < count; n++)
      broker()
        .queue("events")
        .enqueue({ body: n }, clock.now() + HOUR_MS);
  }

  async function receiveOne(what: "defer" | "lock"): Promise<void> {
    const client = new ServiceBusClient(broker().connectionString);
    const receiver = client.createReceiver("events");
    const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 1000 });
    if (message && what === "defer") await receiver.deferMessage(message);
    await client.close();
  }

  it("is that of the first message behind those that are scheduled or put aside", async () => {
    const { queue, oldestAt } = opened();
    await queue.send([makeMessage()]);
    await receiveOne("defer");
    scheduleMany(3);
    expect(await oldestAt()).toBeNull();
    clock.passTime(1000);
    await queue.send([makeMessage()]);
    const sentAt = clock.now();
    clock.passTime(1000);
    await queue.send([makeMessage()]);
    expect(await oldestAt()).toBe(sentAt);
  });

  it("is that of a message too that a consumer has in hand", async () => {
    const { queue, oldestAt } = opened();
    const sentAt = clock.now();
    await queue.send([makeMessage()]);
    clock.passTime(1000);
    await receiveOne("lock");
    expect(await oldestAt()).toBe(sentAt);
  });

  it("is unknown while too many scheduled messages stand first, and each look goes on where the last one ended", async () => {
    const { queue, oldestAt } = opened();
    scheduleMany(2 * LONGEST_LOOK);
    await queue.send([makeMessage()]);
    const sentAt = clock.now();
    expect([await oldestAt(), await oldestAt(), await oldestAt()]).toEqual([undefined, undefined, sentAt]);
    expect(await oldestAt()).toBe(sentAt);
  });

  it("is that of scheduled messages once their time has come, wherever a look ended before", async () => {
    const { oldestAt } = opened();
    scheduleMany(LONGEST_LOOK + 1);
    const due = clock.now() + HOUR_MS;
    expect([await oldestAt(), await oldestAt()]).toEqual([undefined, null]);
    clock.passTime(2 * HOUR_MS);
    expect(await oldestAt()).toBe(due);
  });

  it("is known again of a queue that was made anew, and counts from one", async () => {
    const { queue, oldestAt } = opened();
    scheduleMany(3);
    await queue.send([makeMessage()]);
    expect(await oldestAt()).toBe(clock.now());
    broker().addQueue("events");
    expect(await oldestAt()).toBeNull();
    await queue.send([makeMessage()]);
    expect(await oldestAt()).toBe(clock.now());
  });

  it("is asked for over one connection of its own, and by many at once with one look", async () => {
    const { queue, oldestAt } = opened();
    await queue.send([makeMessage()]);
    const peek = jest.spyOn(broker().queue("events"), "peek");
    expect(await Promise.all(Array.from({ length: 20 }, oldestAt))).toEqual(Array<number>(20).fill(clock.now()));
    await oldestAt();
    expect([peek.mock.calls.length, broker().connections]).toEqual([2, 2]);
  });
});

describe("the age of a partitioned Service Bus queue", () => {
  const clock = new ManualClock();
  const partitioned: Partial<BrokerQueueRules> = { partitions: 3 };
  const { broker, open } = useBroker({ clock, queues: { events: partitioned } });

  it("is that of the oldest message of all partitions, however often it is looked for", async () => {
    const queue = open();
    const sentAt = clock.now();
    for (const message of makeMessages(9)) {
      await queue.send([message]);
      clock.passTime(1000);
    }
    for (let look = 0; look < 2; look++) expect(await queue.depth()).toEqual({ oldestAt: sentAt });
  });

  it("is unknown where there are more messages than one look goes through", async () => {
    const queue = open();
    for (let n = 0; n <= LONGEST_LOOK; n++) broker().queue("events").enqueue({ body: n });
    expect(await queue.depth()).toBeUndefined();
  });
});

describe("the age of a Service Bus queue that cannot be looked into", () => {
  const { broker, open } = useBroker({ clock: new ManualClock() });

  it("is unknown while the broker is down, and known again afterwards", async () => {
    const log = jest.fn();
    const queue = open({ attemptTimeoutMs: 200, log });
    await queue.send([makeMessage()]);
    await queue.depth();
    await broker().stop();
    expect(await queue.depth()).toBeUndefined();
    expect(log).toHaveBeenLastCalledWith("warn", "queue.peek_failed", { error: expect.stringMatching(/^\w+$/) });
    await broker().restart();
    expect(await queue.depth()).toMatchObject({ oldestAt: expect.any(Number) });
  });

  it("is unknown while the broker says nothing, which keeps nobody waiting and no delivery from being taken", async () => {
    const log = jest.fn();
    const queue = open({ openTimeoutMs: 1500, log });
    await queue.send([makeMessage()]);
    expect(await queue.depth()).toMatchObject({ oldestAt: noon });
    broker().freeze("present");
    expect(await queue.depth()).toBeUndefined();
    expect(log).toHaveBeenCalledWith("warn", "queue.peek_failed", { error: "ServiceTimeout" });
    expect(await queue.depth()).toMatchObject({ oldestAt: noon });
  });

  it("is unknown while the queue does not exist", async () => {
    const queue = open({ queueName: "later" });
    expect(await queue.depth()).toBeUndefined();
    broker().addQueue("later");
    expect(await queue.depth()).toEqual({ oldestAt: null });
  });

  it("is unknown once the queue was closed, and nothing is opened for it", async () => {
    const queue = open();
    await queue.close();
    expect(await queue.depth()).toBeUndefined();
    expect(broker().connections).toBe(0);
  });
});
