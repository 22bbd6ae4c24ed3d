import { textAt } from "../../shared/core/json";
import { parseJson } from "../../shared/core/delivery-request";
import type { LockedMessage, LockingQueue, Log } from "../../shared/core/ports";
import { resolveSettings } from "./function-app";
import type { HostJson } from "./host-json";
import type { InvocableFunction, Invoker } from "./invoke";
import { QueuePump } from "./queue-pump";
import { StartError } from "./start-error";

/** What a Service Bus trigger runs on. */
export interface ServiceBusSurroundings {
  readonly queue: LockingQueue;
  readonly invoker: Invoker;
  readonly hostJson: HostJson;
  readonly appSettings: Readonly<Record<string, string>>;
  readonly log: Log;
}

/** The default lock duration of a Service Bus queue. */
const LOCK_MS = 60_000;
const POLL_MS = 5000;

/** A pump that drains the queue into the function. @throws {StartError} the trigger is one that we cannot run */
export function createServiceBusPump(target: InvocableFunction, surroundings: ServiceBusSurroundings): QueuePump {
  const { queue, invoker, hostJson, appSettings, log } = surroundings;
  const queueName = textAt(target.trigger, "queueName");
  const batched = (textAt(target.trigger, "cardinality") ?? "one").toLowerCase() !== "one";
  if (queueName === undefined || batched || target.trigger["isSessionsEnabled"] === true) {
    throw new StartError(`function ${target.name}: the local host runs queues, one message a call, without sessions`);
  }
  // There is one embedded queue, whatever its name; but a name that cannot be resolved would fail on Azure as well.
  resolveSettings(queueName, appSettings);
  return new QueuePump({
    functionName: target.name,
    queue,
    handle: async (message) => {
      await invoker.invoke(target, toInput(message.body), toTriggerMetadata(message));
    },
    maxConcurrentCalls: hostJson.maxConcurrentCalls,
    lockMs: LOCK_MS,
    maxLockRenewalMs: hostJson.maxLockRenewalMs,
    pollMs: POLL_MS,
    log,
  });
}

/** Text that is JSON is parsed, other text stays (azure-functions-nodejs-library `src/converters/fromRpcTypedData.ts`). */
function toInput(body: string): unknown {
  const value = parseJson(body);
  return value === undefined ? body : value;
}

/** Names as the handler sees them: those of the .NET extension, camel-cased. Times in ISO 8601. */
function toTriggerMetadata(message: LockedMessage): Record<string, unknown> {
  const { messageId, deliveryCount, sequenceNumber, lockToken, enqueuedAt } = message;
  const enqueuedTimeUtc = new Date(enqueuedAt).toISOString();
  const fixed = { contentType: "application/json", applicationProperties: {} };
  return { messageId, deliveryCount, sequenceNumber, lockToken, enqueuedTimeUtc, ...fixed };
}
