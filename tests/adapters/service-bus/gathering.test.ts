import { setTimeout as delay } from "node:timers/promises";
import { makeMessage } from "../../contracts/event-queue";
import { idsOf, makeMessages, unavailable, until, useBroker } from "./use-broker";

describe("the event queue on Service Bus, gathering", () => {
  const { broker, open, queued } = useBroker();

  it("sends what 200 callers send at the same time in 2 transfers, over one connection", async () => {
    const queue = open();
    const messages = makeMessages(200);
    await Promise.all(messages.map((message) => queue.send([message])));
    expect([broker().transfers, broker().connections]).toEqual([2, 1]);
    expect(queued()).toEqual(idsOf(messages));
  });

  it("answers nobody before the broker has accepted the caller's message", async () => {
    const queue = open();
    const answered: string[] = [];
    broker().holdSends();
    const sends = makeMessages(3).map((message) =>
      queue.send([message]).then(() => answered.push(queued().includes(message.messageId) ? "in time" : "too early")),
    );
    await until(() => broker().heldSends === 1);
    await delay(20);
    expect([answered, queued()]).toEqual([[], []]);
    broker().decideSends();
    await Promise.all(sends);
    expect(answered).toEqual(["in time", "in time", "in time"]);
  });

  it("fails the callers whose batch failed, and only those", async () => {
    const queue = open({ gathering: { maxBatchMessages: 2 } });
    broker().refuseSends("amqp:resource-limit-exceeded", 1);
    const messages = makeMessages(4);
    const outcomes = await Promise.allSettled(messages.map((message) => queue.send([message])));
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled", "fulfilled"]);
    expect(queued()).toEqual(idsOf(messages.slice(2)));
  });

  it("fails the one caller whose message is too large, and sends the others' messages", async () => {
    const queue = open();
    const [small, large] = [makeMessage(), makeMessage({ text: "x".repeat(queue.maxMessageBytes) })];
    const [sent, refused] = await Promise.allSettled([queue.send([small]), queue.send([large])]);
    expect([sent.status, refused]).toEqual(["fulfilled", { status: "rejected", reason: expect.any(RangeError) }]);
    expect(queued()).toEqual([small.messageId]);
  });

  it("keeps the messages of one call together in one transfer", async () => {
    const queue = open({ gathering: { maxBatchMessages: 10 } });
    const calls = [makeMessages(6), makeMessages(6), makeMessages(25)];
    await Promise.all(calls.map((messages) => queue.send(messages)));
    expect([broker().transfers, queued()]).toEqual([3, idsOf(calls.flat())]);
  });

  it("splits the messages of one call that no batch can hold, and fails the call if a part of it fails", async () => {
    const queue = open();
    const messages = makeMessages(60, { text: "x".repeat(10_000) });
    broker().holdSends();
    const sent = queue.send(messages);
    await until(() => broker().heldSends === 1);
    broker().decideSends();
    broker().refuseSends("amqp:resource-limit-exceeded", 1);
    await expect(sent).rejects.toMatchObject(unavailable("QuotaExceeded"));
    // The sender's repetition completes it, and doubles nothing.
    await queue.send(messages);
    expect(queued()).toEqual(idsOf(messages));
  });

  it("has no more batches under way at a time than it may", async () => {
    const queue = open({ gathering: { maxBatchMessages: 1, maxBatchesInFlight: 3 } });
    await queue.send([makeMessage()]);
    broker().holdSends();
    const sends = makeMessages(8).map((message) => queue.send([message]));
    await until(() => broker().heldSends === 3);
    await delay(20);
    expect(broker().heldSends).toBe(3);
    broker().decideSends();
    await Promise.all(sends);
    expect(queued()).toHaveLength(9);
  });

  it("refuses at once what would wait beyond the memory it may take", async () => {
    const queue = open({ gathering: { maxWaitingBytes: 10_000 } });
    broker().freeze();
    const first = queue.send(makeMessages(1, { text: "x".repeat(9000) }));
    await expect(queue.send(makeMessages(1, { text: "x".repeat(1000) }))).rejects.toMatchObject(
      unavailable("too much is waiting"),
    );
    broker().thaw();
    await expect(first).resolves.toEqual([false]);
  });
});

describe("the event queue on Service Bus, as to sizes", () => {
  const { broker, open, queued } = useBroker({ maxMessageBytes: 65_536 });

  it("refuses the one message that is too large for a namespace which takes less than was configured", async () => {
    const queue = open();
    const [small, large] = [makeMessage(), makeMessage({ text: "x".repeat(100_000) })];
    const [refused, sent] = await Promise.allSettled([queue.send([large]), queue.send([small])]);
    expect([refused, sent.status]).toEqual([{ status: "rejected", reason: expect.any(RangeError) }, "fulfilled"]);
    expect([broker().transfers, queued()]).toEqual([1, [small.messageId]]);
  });
});

describe("the event queue on Service Bus, given up", () => {
  const { broker, open, queued } = useBroker();

  it("leaves out a caller that gave up before its batch left", async () => {
    const queue = open();
    broker().freeze();
    const impatient = new AbortController();
    const [kept, dropped] = [makeMessage(), makeMessage()];
    const sends = [queue.send([dropped], impatient.signal), queue.send([kept])];
    impatient.abort();
    await expect(sends[0]).rejects.toMatchObject(unavailable("aborted"));
    broker().thaw();
    await sends[1];
    expect(queued()).toEqual([kept.messageId]);
  });

  it("answers a caller at once that gives up after its batch has left, and the message may still arrive", async () => {
    const queue = open();
    const impatient = new AbortController();
    const message = makeMessage();
    broker().holdSends();
    const sent = queue.send([message], impatient.signal);
    await until(() => broker().heldSends === 1);
    impatient.abort();
    await expect(sent).rejects.toMatchObject(unavailable("aborted"));
    broker().decideSends();
    expect(queued()).toEqual([message.messageId]);
  });

  it("says queue_unavailable as soon as the signal fires, of a broker that never answers", async () => {
    const queue = open({ openTimeoutMs: 60_000 });
    broker().freeze();
    await expect(queue.send([makeMessage()], AbortSignal.timeout(20))).rejects.toMatchObject(unavailable("aborted"));
  });
});
