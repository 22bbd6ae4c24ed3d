import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { openSqlite } from "../../shared/adapters/sqlite/database";
import type { DeliveryRecord } from "../../shared/core/delivery";
import type { Shard } from "../../shared/core/shard";
import { tenantKeyIn } from "../../shared/core/registration-id";
import { eventually, type Gateway, newDataDirectory, startGateway } from "../support/gateway";
import { seedSignature } from "../support/test-app";

const ROUNDS = Number(process.env["KILL_ROUNDS"] ?? 4);
const SENDERS = 16;

interface Webhook {
  readonly registrationId: string;
  readonly webhookSecret: string;
}

async function register(gateway: Gateway): Promise<Webhook> {
  const reply = await fetch(`${gateway.url}/integrations/salesforce/webhooks`, {
    method: "POST",
    headers: { authorization: "Bearer test-token" },
    body: JSON.stringify({ connectionId: "conn-123", events: ["*"] }),
  });
  return (await reply.json()) as Webhook;
}

/** Delivers one contact; answers the status, 0 if the connection broke. */
function deliver(gateway: Gateway, webhook: Webhook, id: string, agent: Agent): Promise<number> {
  const body = JSON.stringify({ action: "created", sobject: { name: "Contact", fields: { Id: id } } });
  return new Promise((resolve) => {
    const sent = request(
      `${gateway.url}/webhooks/${webhook.registrationId}`,
      {
        method: "POST",
        agent,
        headers: {
          "content-length": Buffer.byteLength(body),
          "x-salesforce-event-signature": seedSignature(webhook, body),
          "x-salesforce-event-id": id,
        },
      },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0)).on("error", () => resolve(0));
      },
    );
    sent.on("error", () => resolve(0));
    sent.end(body);
  });
}

/** Sends at full speed until the gateway is gone; answers the ids that were acknowledged. */
async function sendUntilGone(gateway: Gateway, webhook: Webhook): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  const acknowledged: string[] = [];
  const sender = async (): Promise<void> => {
    for (;;) {
      const id = randomUUID();
      const status = await deliver(gateway, webhook, id, agent);
      if (status === 200) acknowledged.push(id);
      if (status === 0) return;
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  agent.destroy();
  return acknowledged;
}

async function queueIsEmpty(gateway: Gateway): Promise<boolean> {
  const reply = await fetch(`${gateway.url}/webhooks/health`);
  const health = (await reply.json()) as { queue: { active: number; scheduled: number } };
  return health.queue.active === 0 && health.queue.scheduled === 0;
}

async function readAll<T>(read: (cursor?: string) => Promise<{ items: readonly T[]; cursor?: string }>): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    all.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}

describe("kill -9 while the gateway receives at full speed", () => {
  it(`loses nothing that was answered 200 and does nothing twice, ${ROUNDS} times over`, async () => {
    const dataDirectory = newDataDirectory();
    const acknowledged: string[] = [];
    let gateway = await startGateway({ DATA_DIRECTORY: dataDirectory, LOG_LEVEL: "info" });
    const webhook = await register(gateway);
    for (let round = 0; round < ROUNDS; round++) {
      const running = gateway;
      const sending = sendUntilGone(running, webhook);
      setTimeout(() => void running.kill(), 150 + Math.random() * 300);
      acknowledged.push(...(await sending));
      gateway = await startGateway({ DATA_DIRECTORY: dataDirectory, LOG_LEVEL: "info" });
    }
    await eventually(() => queueIsEmpty(gateway), Boolean);
    expect(await gateway.stop()).toBe(0);

    const store = openSqlite({ dataDirectory, now: Date.now });
    const pk = tenantKeyIn(webhook.registrationId) ?? "";
    const page = (cursor?: string) => ({ limit: 1000, ...(cursor === undefined ? {} : { cursor }) });
    const shards = await readAll((cursor) =>
      store.documents.collection<Shard>("shards").query({ pk, ...page(cursor) }),
    );
    const deliveries = store.documents.collection<DeliveryRecord>("deliveries");
    const records = await readAll((cursor) => deliveries.query({ pk: webhook.registrationId, ...page(cursor) }));
    const deadLetters = await store.queue.deadLetters(10);
    await store.close();

    expect(acknowledged.length).toBeGreaterThan(0);
    const synchronised = new Map(shards.map((shard) => [shard.externalId, shard]));
    expect(acknowledged.filter((id) => !synchronised.has(id))).toEqual([]);
    expect(synchronised.size).toBe(shards.length);
    const settled = new Map(records.map((record) => [record.deliveryId, record]));
    expect(acknowledged.filter((id) => settled.get(id)?.verdict !== "accepted")).toEqual([]);
    expect(records.filter((record) => record.verdict === "accepted" && record.outcome !== "synchronised")).toEqual([]);
    expect(deadLetters).toEqual([]);
  }, 120_000);
});
