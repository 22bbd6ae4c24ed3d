import { createHmac, randomBytes } from "node:crypto";
import { createClient } from "@redis/client";
import { RedisConnection } from "../../../shared/adapters/redis/connection";
import { RedisRegistrationCopies } from "../../../shared/adapters/redis/registration-copies";
import { describeRegistrationCopies } from "../../contracts/registration-copies";
import { makeRegistration, noon } from "../../support/make";
import { MemoryCopies } from "../../support/memory-copies";
import { RespServer } from "../../support/resp-server";
import { describeWithRedis, freePort, type RedisServer, startRedis } from "../../support/redis-server";

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

describe("copies of registrations where Redis was never there", () => {
  let time = noon;
  let connection: RedisConnection;
  const lines: string[] = [];
  const copy = { registration: makeRegistration(), loadedAt: noon };
  beforeEach(async () => {
    lines.length = 0;
    const url = `redis://somebody:hunter2@127.0.0.1:${await freePort()}`;
    const log = (...line: readonly unknown[]): void => void lines.push(JSON.stringify(line));
    connection = await RedisConnection.open({ url, now: () => time, log });
  });
  afterEach(() => connection.close());

  it("are none, whatever is put, forgotten and asked for, before and after a change has become known", async () => {
    const copies = new RedisRegistrationCopies(connection, { key, now: () => time });
    const { id } = copy.registration;
    for (const lifeMs of [60_000, 0]) await copies.put(copy, lifeMs);
    expect(await copies.get(id)).toBeUndefined();
    await copies.forget(id, 30_000);
    expect(await copies.get(id)).toBeUndefined();
    time += 30_000;
    expect(await copies.get(id)).toBeUndefined();
  });

  it("cost one line in the log, without the password", async () => {
    const copies = new RedisRegistrationCopies(connection, { key, now: () => time });
    for (let asked = 0; asked < 3; asked++) await copies.get(copy.registration.id);
    expect(lines.filter((line) => line.includes("redis.lost"))).toHaveLength(1);
    expect(lines.join()).not.toContain("hunter2");
  });
});

describe("a seal on copies of registrations", () => {
  /** A connection that answers what stands in this map, and takes whatever is set: the seal is what is looked at. */
  const open = (stored: Map<string, string>): Promise<RespServer> => RespServer.start(stored);
  const copy = { registration: makeRegistration(), loadedAt: noon };
  const { id } = copy.registration;
  const name = `castiel:registration:1:${id}`;

  it("lets a copy be read by who has the key, and by nobody else, altered or under another webhook's name", async () => {
    const stored = new Map<string, string>();
    const server = await open(stored);
    const connect = () =>
      RedisConnection.open({ url: server.url, now: () => noon, log: () => undefined, timeoutMs: 5_000 });
    const [ours, theirs] = [await connect(), await connect()];
    const copies = new RedisRegistrationCopies(ours, { key, now: () => noon });
    await copies.put(copy, 60_000);
    expect(await copies.get(id)).toEqual(copy);
    expect(
      await new RedisRegistrationCopies(theirs, { key: randomBytes(32), now: () => noon }).get(id),
    ).toBeUndefined();
    const sealed = stored.get(name) ?? "";
    const other = makeRegistration().id;
    stored.set(`castiel:registration:1:${other}`, sealed);
    expect(await copies.get(other)).toBeUndefined();
    stored.set(name, sealed.replace("salesforce", "notion"));
    expect(await copies.get(id)).toBeUndefined();
    await copies.forget(id, 30_000);
    expect(stored.get(name)).toBe("");
    expect(await copies.get(id)).toBeUndefined();
    for (const connection of [ours, theirs]) connection.close();
    await server.stop();
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
