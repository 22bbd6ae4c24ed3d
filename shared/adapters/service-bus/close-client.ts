import type { ServiceBusClient } from "@azure/service-bus";
import { setTimeout as delay } from "node:timers/promises";

const LONGEST_WAIT_MS = 2000;

/**
 * Closes a client and all that was made of it. Never rejects, and waits no longer than 2 seconds: the SDK waits a minute
 * for each farewell that a dead connection does not answer, and nobody can do anything about one that cannot be closed.
 */
export async function closeClient(client: ServiceBusClient): Promise<void> {
  const closed = client.close().catch(() => undefined);
  await Promise.race([closed, delay(LONGEST_WAIT_MS, undefined, { ref: false })]);
}
