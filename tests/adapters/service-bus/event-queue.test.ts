import { once } from "node:events";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ServiceBusClient } from "@azure/service-bus";
import type { DeadLetter, QueueMessage } from "../../../shared/core/ports";
import { describeEventQueue, makeMessage } from "../../contracts/event-queue";
import { openOnBroker, openOnNamespace } from "./open-test-queue";
import { idsOf, makeMessages, unavailable, useBroker } from "./use-broker";

const { SERVICEBUS_CONNECTION_STRING: namespace, SERVICEBUS_QUEUE: queueName = "events" } = process.env;
const NETWORK_TEST_MS = 120_000;

describe("the event queue on Service Bus", () => {
  if (namespace) jest.setTimeout(NETWORK_TEST_MS);
  describeEventQueue(namespace ? () => openOnNamespace(namespace, queueName) : openOnBroker);
});

describe("the event queue on Service Bus, what it sends", () => {
  const { broker, open, queued } = useBroker();

  it("is a JSON object in its bytes, as the trigger wants it", async () => {
    await open().send([{ messageId: "m-1", body: { id: "12345678901234567890", text: "é" } }]);
    const [entry] = broker().queue("events").peek(0, 1);
    expect(entry?.message).toMatchObject({ message_id: "m-1", content_type: "application/json" });
    expect(String(entry?.message.body.content)).toBe('{"id":"12345678901234567890","text":"é"}');
  });

  it("hides a scheduled copy until its time, and nothing that is sent beside it", async () => {
    const queue = open();
    const at = Date.now() + 3_600_000;
    const [later, now] = [makeMessage(), makeMessage()];
    await Promise.all([queue.schedule(later, at), queue.send([now])]);
    const entries = broker().queue("events").peek(0, 10);
    const shown = entries.map(({ message, scheduledFor }) => [message.message_id, scheduledFor]);
    expect(new Map<unknown, unknown>(shown as [unknown, unknown][])).toEqual(
      new Map<unknown, unknown>([
        [later.messageId, at],
        [now.messageId, undefined],
      ]),
    );
  });

  it("fits what Standard takes, with the largest body and the longest id", async () => {
    const queue = open();
    const frame = JSON.stringify({ text: "" }).length;
    const body = { text: "x".repeat(queue.maxMessageBytes - frame) };
    await queue.send([{ messageId: "\u20ac".repeat(128), body }]);
    expect(queued()).toHaveLength(1);
  });
});

describe("the event queue on Service Bus, its dead letters", () => {
  const { broker, open } = useBroker();

  /** Gives messages up for a reason, one after the other. */
  async function giveUp(messages: readonly QueueMessage[], deadLetterReason: string): Promise<void> {
    const client = new ServiceBusClient(broker().connectionString);
    const receiver = client.createReceiver("events");
    for (const message of messages) {
      await open().send([message]);
      const [received] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 1000 });
      if (received) await receiver.deadLetterMessage(received, { deadLetterReason, deadLetterErrorDescription: "" });
    }
    await client.close();
  }

  it("are told newest first, as often as anybody looks, and stay where they are", async () => {
    const messages = makeMessages(3, { source: "/webhooks/webhook-1" });
    await giveUp(messages, "message_unreadable");
    const queue = open();
    const ids = idsOf(messages).toReversed();
    expect(idsOfLetters(await queue.deadLetters(10))).toEqual(ids);
    const [newest] = await queue.deadLetters(1);
    expect(newest).toEqual({
      messageId: ids[0],
      body: '{"source":"/webhooks/webhook-1"}',
      reason: "message_unreadable",
      deliveryCount: expect.any(Number),
      deadLetteredAt: expect.any(Number),
    });
    expect(broker().queue("events/$DeadLetterQueue").peek(0, 10)).toHaveLength(3);
  });

  it("are none in an empty queue, and an outage is told as one", async () => {
    const queue = open({ attemptTimeoutMs: 200 });
    expect(await queue.deadLetters(10)).toEqual([]);
    await broker().stop();
    await expect(queue.deadLetters(10)).rejects.toMatchObject({ code: "queue_unavailable" });
  });
});

const idsOfLetters = (letters: readonly DeadLetter[]) => letters.map(({ messageId }) => messageId);

describe("the event queue on Service Bus, closing", () => {
  const { broker, open, queued } = useBroker();

  it("finishes what is under way, and takes nothing more", async () => {
    const queue = open();
    const messages = makeMessages(3);
    const sends = [queue.send(messages.slice(0, 2)), queue.schedule(messages[2] ?? makeMessage(), 0)];
    await queue.close();
    await Promise.all(sends);
    expect(queued().toSorted()).toEqual(idsOf(messages).toSorted());
    const attempts = [queue.send([makeMessage()]), queue.schedule(makeMessage(), 0)];
    for (const attempt of attempts) await expect(attempt).rejects.toMatchObject(unavailable("closed"));
  });

  it("can be closed before it was used, and twice", async () => {
    const queue = open();
    await queue.close();
    await queue.close();
    expect(broker().connections).toBe(0);
  });

  it("leaves nothing open that would keep the process alive", async () => {
    const program = join(__dirname, "send-and-close.cjs");
    const child = spawn("node", [program, broker().connectionString], { stdio: ["ignore", "inherit", "inherit"] });
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(queued()).toHaveLength(2);
  }, 30_000);
});
