import { createHmac, randomBytes } from "node:crypto";
import { createClient } from "@redis/client";
import { RedisConnection } from "../../../shared/adapters/redis/connection";
import { RedisRegistrationCopies } from "../../../shared/adapters/redis/registration-copies";
import { describeRegistrationCopies } from "../../contracts/registration-copies";
import { makeRegistration, noon } from "../../support/make";
import { MemoryCopies } from "../../support/memory-copies";
import { describeWithRedis, type RedisServer, startRedis } from "../../support/redis-server";

const key = randomBytes(32);

describe("copies of registrations in memory, which stand for Redis in tests", () => {
  describeRegistrationCopies(async () => {
    const copies = new MemoryCopies();
    return {
      port: copies,
      now: () => copies.time,
      passTime: async (ms) => void (copies.time += ms),
      breakDown: async () => void (copies.isOut = true),
      close: async () => undefined,
    };
  });
});

describeWithRedis("copies of registrations in Redis", () => {
  let redis: RedisServer;
  let time: number;
  beforeEach(async () => {
    redis = await startRedis();
    time = noon;
  });
  afterEach(() => redis.stop());

  async function open(sealKey = key): Promise<{ copies: RedisRegistrationCopies; connection: RedisConnection }> {
    const options = { url: redis.url, now: () => time, log: () => undefined, timeoutMs: 5_000 };
    const connection = await RedisConnection.open(options);
    return { copies: new RedisRegistrationCopies(connection, { key: sealKey, now: () => time }), connection };
  }

  describeRegistrationCopies(async () => {
    const { copies, connection } = await open();
    return {
      port: copies,
      now: () => time,
      passTime: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      breakDown: () => redis.stop(),
      close: async () => connection.close(),
    };
  });

  it("are trusted only with our seal, whatever else stands there", async () => {
    const copy = { registration: makeRegistration({ integrationId: "google" }), loadedAt: noon };
    const { id } = copy.registration;
    const name = `castiel:registration:1:${id}`;
    const [ours, theirs] = [await open(), await open(randomBytes(32))];
    const client = await createClient({ url: redis.url }).connect();
    const seal = (text: string): string => createHmac("sha256", key).update(text).digest("base64") + text;
    await ours.copies.put(copy, 60_000);
    const stored = (await client.get(name)) ?? "";
    expect(stored).toBe(seal(JSON.stringify(copy)));
    expect(await theirs.copies.get(id)).toBeUndefined();
    const other = makeRegistration().id;
    for (const forged of [stored.replace("google", "github"), stored.slice(44), stored.slice(0, 44), "x", seal("{}")]) {
      await client.set(name, forged);
      expect(await ours.copies.get(id)).toBeUndefined();
    }
    await client.set(`castiel:registration:1:${other}`, stored);
    expect(await ours.copies.get(other)).toBeUndefined();
    await client.set(name, stored);
    expect(await ours.copies.get(id)).toEqual(copy);
    client.destroy();
    for (const { connection } of [ours, theirs]) connection.close();
  });

  it("are not trusted by who could not tell of a change, until all that are older than it have run out", async () => {
    const copy = { registration: makeRegistration(), loadedAt: noon };
    const { copies, connection } = await open();
    await copies.put(copy, 60_000);
    const client = await createClient({ url: redis.url }).connect();
    await client.sendCommand(["REPLICAOF", "127.0.0.1", "1"]);
    await copies.forget(copy.registration.id, 30_000);
    await client.sendCommand(["REPLICAOF", "NO", "ONE"]);
    time += 29_999;
    expect(await copies.get(copy.registration.id)).toBeUndefined();
    time += 1;
    expect(await copies.get(copy.registration.id)).toEqual(copy);
    client.destroy();
    connection.close();
  });
});
