import { makeMessage } from "../../contracts/event-queue";
import { expectAllToReject } from "../../contracts/subject";
import { unavailable, until, useBroker } from "./use-broker";

describe("the event queue on Service Bus, in an outage", () => {
  const { broker, open, queued } = useBroker();

  it("says queue_unavailable while the broker is down, and recovers by itself", async () => {
    const queue = open();
    await queue.send([makeMessage()]);
    await broker().stop();
    const attempts = [queue.send([makeMessage()]), queue.schedule(makeMessage(), 0)];
    await expectAllToReject(attempts, "queue_unavailable");
    await broker().restart();
    await queue.send([makeMessage()]);
    expect(queued()).toHaveLength(2);
  });

  it("repeats a batch by itself that was under way when the connection ended", async () => {
    const queue = open({ attemptTimeoutMs: 200 });
    const message = makeMessage();
    broker().holdSends();
    const sent = queue.send([message]);
    await until(() => broker().heldSends === 1);
    await broker().stop();
    await broker().restart();
    await expect(sent).resolves.toEqual([false]);
    expect(queued()).toEqual([message.messageId]);
  });

  it("queues a message once whose acceptance it never heard of", async () => {
    const queue = open({ attemptTimeoutMs: 200 });
    const message = makeMessage();
    broker().loseAnswers(1);
    await queue.send([message]);
    expect(broker().transfers).toBeGreaterThan(1);
    expect(queued()).toEqual([message.messageId]);
  });

  it("says queue_unavailable of a broker that accepts connections and never answers, and recovers", async () => {
    const log = jest.fn();
    const queue = open({ openTimeoutMs: 500, log });
    broker().freeze();
    await expect(queue.send([makeMessage()])).rejects.toMatchObject(unavailable("the link was not opened in time"));
    broker().thaw();
    await queue.send([makeMessage()]);
    expect([queued().length, broker().connections]).toEqual([1, 2]);
    expect(log.mock.calls).toEqual([["warn", "queue.link_replaced", { during: "open" }]]);
  });

  it("leaves a connection that went dead without a word for a new one", async () => {
    const log = jest.fn();
    const queue = open({ attemptTimeoutMs: 100, log });
    await queue.send([makeMessage()]);
    broker().freeze("present");
    await expect(queue.send([makeMessage()])).rejects.toMatchObject(unavailable("ServiceTimeout"));
    await queue.send([makeMessage()]);
    expect([queued().length, broker().connections]).toEqual([2, 2]);
    expect(log.mock.calls).toEqual([["warn", "queue.link_replaced", { during: "send" }]]);
  });

  it.each([
    ["amqp:resource-limit-exceeded", "QuotaExceeded"],
    ["com.microsoft:server-busy", "ServiceBusy"],
    ["amqp:not-allowed", "InvalidOperationError"],
  ])("says queue_unavailable when the broker refuses a message with %s", async (condition, detail) => {
    const queue = open();
    broker().refuseSends(condition);
    await expect(queue.send([makeMessage()])).rejects.toMatchObject(unavailable(detail));
    broker().acceptSends();
    await queue.send([makeMessage()]);
    expect(queued()).toHaveLength(1);
  });

  it("repeats a batch by itself that a busy broker refused", async () => {
    const queue = open();
    broker().refuseSends("com.microsoft:server-busy", 2);
    await expect(queue.send([makeMessage()])).resolves.toEqual([false]);
    expect([broker().transfers, queued().length]).toEqual([3, 1]);
  });

  it("says queue_unavailable while the queue does not exist, and finds it once it does", async () => {
    const queue = open({ queueName: "later" });
    await expect(queue.send([makeMessage()])).rejects.toMatchObject(unavailable("MessagingEntityNotFound"));
    broker().addQueue("later");
    await expect(queue.send([makeMessage()])).resolves.toEqual([false]);
  });
});
