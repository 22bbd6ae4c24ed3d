import { createClient, type RedisClientType } from "@redis/client";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { eventually } from "../support/gateway";
import { describeWithRedis, freePort, type RedisServer, startRedis } from "../support/redis-server";
import { contactBody, openTestApp, type TestApp } from "../support/test-app";

const keyOf = ({ registrationId }: NewRegistration): string => `castiel:registration:1:${registrationId}`;
const source = { tenantId: "tenant-123", integrationId: "salesforce" };

describe("the app with REDIS_URL where there is no Redis", () => {
  it("starts, receives and limits as without, and says so in one line", async () => {
    const app = await openTestApp({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    const webhook = await app.register();
    expect(await app.deliverSigned(webhook, contactBody())).toMatchObject({ kind: "receipt" });
    expect(await app.services.rateLimiter.take(source, "fetch", app.services.now())).toMatchObject({ allowed: true });
    expect(app.logged.filter(({ event }) => event.startsWith("redis."))).toMatchObject([
      { level: "warn", event: "redis.lost", fields: { error: expect.stringContaining("ECONNREFUSED") } },
    ]);
    await app.close();
  });
});

describeWithRedis("the app with a Redis", () => {
  let redis: RedisServer;
  let app: TestApp;
  beforeEach(async () => {
    redis = await startRedis();
    app = await openTestApp({ REDIS_URL: redis.url });
  });
  afterEach(async () => {
    await app.close();
    await redis.stop();
  });

  async function withClient<T>(work: (client: RedisClientType) => Promise<T>): Promise<T> {
    const client = createClient({ url: redis.url });
    await client.connect();
    try {
      return await work(client);
    } finally {
      client.destroy();
    }
  }

  /** Everything that stands in Redis, by key. */
  const readAll = (): Promise<Map<string, string>> =>
    withClient(async (client) => {
      const all = new Map<string, string>();
      for (const key of await client.keys("*")) {
        const isText = (await client.type(key)) === "string";
        all.set(key, isText ? ((await client.get(key)) ?? "") : JSON.stringify(await client.hGetAll(key)));
      }
      return all;
    });

  /** A webhook of which a copy is kept, and what stands in Redis then. */
  async function registerWithCopy(): Promise<{ webhook: NewRegistration; all: Map<string, string> }> {
    const webhook = await app.register();
    await app.deliverSigned(webhook, contactBody());
    // The first delivery changed the registration, and for 30 seconds after that no copy would be kept.
    await withClient((client) => client.flushAll());
    const deliver = async (): Promise<Map<string, string>> => {
      app.advance(30_000);
      await app.deliverSigned(webhook, contactBody());
      return readAll();
    };
    const hasCopy = (all: Map<string, string>): boolean => Boolean(all.get(keyOf(webhook)));
    return { webhook, all: await eventually(deliver, hasCopy) };
  }

  it("keeps copies of registrations there, and no secret", async () => {
    const { webhook, all } = await registerWithCopy();
    expect([...all.keys()]).toEqual([keyOf(webhook)]);
    const text = all.get(keyOf(webhook)) ?? "";
    expect(text).toContain(webhook.connectionId);
    expect(text).not.toContain(webhook.webhookSecret?.replace("whsec_", ""));
  });

  it("counts calls to providers there", async () => {
    await app.services.rateLimiter.take(source, "fetch", app.services.now());
    const keys = [...(await readAll()).keys()].sort();
    const tenant = `castiel:rate:{${app.services.tenantKeyOf(source.tenantId)}}`;
    expect(keys).toEqual([tenant, `${tenant}:salesforce`, `${tenant}:salesforce:fetch`]);
  });

  it("goes by a change at once, whatever copy there was", async () => {
    const { webhook } = await registerWithCopy();
    await updateWebhook(app.services, { ...source, registrationId: webhook.registrationId }, { events: ["Lead.*"] });
    expect(await app.deliverSigned(webhook, contactBody())).toMatchObject({ receipt: { syncTriggered: false } });
  });

  it("receives on when Redis goes away", async () => {
    const { webhook } = await registerWithCopy();
    await redis.stop();
    app.advance(60_000);
    expect(await app.deliverSigned(webhook, contactBody())).toMatchObject({ receipt: { syncTriggered: true } });
  });
});
