import { openTracer } from "../../shared/adapters/opentelemetry/tracer";
import { tracedQueue } from "../../shared/core/traced-queue";
import { openTestStore } from "../adapters/sqlite/open-test-store";
import { describeEventQueue, type QueueSubject } from "../contracts/event-queue";

const form = /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/;
const rules = { duplicateWindowMs: 600_000, maxDeliveryCount: 3 };

/** Of traces that are not sampled nothing is sent, but which they are is passed on all the same. */
const tracing = {
  url: "http://127.0.0.1:9/v1/traces",
  protocol: "http/json",
  headers: {},
  serviceName: "test",
  version: "0.0.0",
  resource: {},
  sampler: "always_off",
  sampledShare: 1,
  log: () => undefined,
} as const;

async function open(): Promise<QueueSubject> {
  const store = openTestStore(rules);
  const tracer = await openTracer(tracing);
  return {
    ...store,
    ...rules,
    close: async () => {
      await store.close();
      await tracer.close();
    },
    port: tracedQueue(store.queue, tracer, { system: "sqlite", name: "events" }),
    tellsDuplicates: true,
    forgets: true,
    clockSkewMs: 0,
    tellsCounts: true,
    drain: async () => {
      const messages = await store.queue.receive(1000, 60_000);
      await Promise.all(messages.map(({ lockToken }) => store.queue.complete(lockToken)));
      return messages.map(({ messageId, body }) => {
        const { traceparent, ...rest } = JSON.parse(body) as { readonly traceparent: string };
        expect(traceparent).toMatch(form);
        return { messageId, body: rest };
      });
    },
  };
}

describe("the SQLite queue, traced", () => {
  describeEventQueue(open);
});
