import type { ServiceBusClient, ServiceBusReceivedMessage } from "@azure/service-bus";
import type { DeadLetter } from "../../core/ports";

/** Service Bus shows the oldest first, and can be asked for no other order. */
const MAX_LOOKED_AT = 250;

/**
 * Looks at dead letters and leaves them where they are: the newest of the oldest 250. A receiver that has looked before
 * would go on where it stopped, so there is a new one each time.
 */
export async function peekDeadLetters(
  client: ServiceBusClient,
  queueName: string,
  limit: number,
): Promise<readonly DeadLetter[]> {
  const receiver = client.createReceiver(queueName, { subQueueType: "deadLetter", skipParsingBodyAsJson: true });
  const found: ServiceBusReceivedMessage[] = [];
  while (found.length < MAX_LOOKED_AT) {
    const page = await receiver.peekMessages(MAX_LOOKED_AT - found.length);
    if (page.length === 0) break;
    found.push(...page);
  }
  return found.reverse().slice(0, limit).map(toDeadLetter);
}

function toDeadLetter(message: ServiceBusReceivedMessage): DeadLetter {
  return {
    messageId: String(message.messageId),
    body: Buffer.isBuffer(message.body) ? message.body.toString("utf8") : "",
    reason: message.deadLetterReason ?? "",
    deliveryCount: message.deliveryCount ?? 0,
    deadLetteredAt: message.enqueuedTimeUtc?.getTime() ?? 0,
  };
}
