import { createClient } from "@redis/client";
import { MemoryRateLedger } from "../../../shared/adapters/memory/rate-ledger";
import { RedisConnection } from "../../../shared/adapters/redis/connection";
import { RedisRateLedger } from "../../../shared/adapters/redis/rate-ledger";
import type { RateLedger, RateSource } from "../../../shared/core/rate-limiter";
import { describeRateLimiter } from "../../contracts/rate-limiter";
import { eventually } from "../../support/gateway";
import { newSource, openLimiter, type TestLimiter } from "../../support/limiter";
import { noon } from "../../support/make";
import { describeWithRedis, freePort, type RedisServer, startRedis } from "../../support/redis-server";

const connections: RedisConnection[] = [];
const lines: string[] = [];
/** The clock of the connections; that of the limiter is what each call says. */
let time = noon;

/** A busy machine must not look like a Redis that hangs, hence the patience. */
async function openLedger(url: string, timeoutMs = 5_000): Promise<RateLedger> {
  const log = (_: string, event: string): void => void lines.push(event);
  const redis = await RedisConnection.open({ url, now: () => time, log, timeoutMs });
  connections.push(redis);
  return new RedisRateLedger(redis, new MemoryRateLedger());
}

afterEach(() => {
  for (const redis of connections.splice(0)) redis.close();
  lines.length = 0;
});

describe("the limiter where Redis was never there", () => {
  describeRateLimiter(async () => openLedger(`redis://127.0.0.1:${await freePort()}`));
});

describeWithRedis("the limiter through Redis", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  describeRateLimiter(() => openLedger(redis.url));
});

describeWithRedis("limiters that share a Redis", () => {
  let redis: RedisServer;
  let one: TestLimiter;
  let other: TestLimiter;
  let source: RateSource;
  beforeEach(async () => {
    redis = await startRedis();
    one = openLimiter(await openLedger(redis.url));
    other = openLimiter(await openLedger(redis.url));
    source = newSource();
    for (const { set } of [one, other])
      await set(source.tenantId, { integrations: { github: { requestsPerMinute: 10 } } });
  });
  afterEach(async () => {
    await Promise.all([one.store.close(), other.store.close(), redis.stop()]);
  });
  const isBack = (): Promise<unknown> =>
    eventually(
      async () => lines.filter((line) => line === "redis.back"),
      (told) => told.length === 2,
    );

  it("allow together what one may allow", async () => {
    const takes = Array.from({ length: 30 }, (_, n) => (n % 2 ? one : other).limiter.take(source, "fetch", noon));
    expect((await Promise.all(takes)).filter(({ allowed }) => allowed)).toHaveLength(10);
    expect(await other.limiter.status(source, noon)).toMatchObject({ integration: { made: 10 } });
  });

  it("slow down together, and wait in one line", async () => {
    await one.limiter.observe(source, { used: 95, limit: 100 }, noon);
    expect(await other.takeMany(source, 5, noon)).toBe(5);
    const waiting = await Promise.all([one, other, one].map(({ limiter }) => limiter.take(source, "fetch", noon)));
    const times = waiting.map((decision) => (decision.allowed ? 0 : decision.retryAt)).sort((a, b) => a - b);
    expect(times).toEqual([noon + 61_000, noon + 73_200, noon + 85_400]);
  });

  it("are reset together", async () => {
    await one.takeMany(source, 10, noon);
    await other.limiter.reset(source);
    expect(await one.takeMany(source, 11, noon)).toBe(10);
  });

  it("count alone while Redis is out, and together again once it is back, with one line for each", async () => {
    await one.takeMany(source, 4, noon);
    await redis.stop();
    expect(await other.takeMany(source, 11, noon)).toBe(10);
    await redis.start();
    await isBack();
    expect(lines).toEqual(["redis.lost", "redis.lost", "redis.back", "redis.back"]);
    const later = noon + 200_000;
    expect(await one.takeMany(source, 6, later)).toBe(6);
    expect(await other.takeMany(source, 6, later)).toBe(4);
  });

  it("never allow one instance more than the limit in any 60 seconds, whatever happens to Redis", async () => {
    expect(await one.takeMany(source, 6, noon)).toBe(6);
    await redis.stop();
    expect(await one.takeMany(source, 6, noon + 1_000)).toBe(4);
    await redis.start();
    await isBack();
    expect(await one.takeMany(source, 6, noon + 2_000)).toBe(0);
    expect(await one.takeMany(source, 6, noon + 61_000)).toBe(6);
    expect(await one.takeMany(source, 6, noon + 62_000)).toBe(4);
  });

  it("do not wait for a Redis that hangs, and come back to it", async () => {
    const hasty = openLimiter(await openLedger(redis.url, 500));
    redis.pause();
    expect(await hasty.takeMany(source, 400, noon)).toBe(200);
    expect(lines).toEqual(["redis.lost"]);
    redis.resume();
    await eventually(
      async () => lines.at(-1),
      (line) => line === "redis.back",
    );
    expect(await hasty.takeMany(source, 1, noon + 100_000)).toBe(1);
    await hasty.store.close();
    expect(lines).toEqual(["redis.lost", "redis.back"]);
    expect(await other.limiter.status(source, noon + 100_000)).toMatchObject({ integration: { made: 1 } });
  });

  it("give a Redis that refuses to write a rest, and then try again", async () => {
    const client = await createClient({ url: redis.url }).connect();
    await client.sendCommand(["REPLICAOF", "127.0.0.1", "1"]);
    expect(await one.takeMany(source, 1, noon)).toBe(1);
    expect(lines).toEqual(["redis.lost"]);
    await client.sendCommand(["REPLICAOF", "NO", "ONE"]);
    client.destroy();
    time += 4_999;
    expect(await one.takeMany(source, 1, noon)).toBe(1);
    expect(lines).toEqual(["redis.lost"]);
    time += 1;
    expect(await one.takeMany(source, 1, noon)).toBe(1);
    expect(lines).toEqual(["redis.lost", "redis.back"]);
    expect(await other.limiter.status(source, noon)).toMatchObject({ integration: { made: 1 } });
  });

  it("come to use a Redis that was not there at their start", async () => {
    const port = await freePort();
    const late = openLimiter(await openLedger(`redis://127.0.0.1:${port}`));
    expect(await late.takeMany(source, 1, noon)).toBe(1);
    const started = await startRedis(port);
    await eventually(
      async () => lines.at(-1),
      (line) => line === "redis.back",
    );
    const follower = openLimiter(await openLedger(started.url));
    expect(await late.takeMany(source, 1, noon)).toBe(1);
    expect(await follower.limiter.status(source, noon)).toMatchObject({ integration: { made: 1 } });
    expect(lines).toEqual(["redis.lost", "redis.back"]);
    await Promise.all([late.store.close(), follower.store.close(), started.stop()]);
  });
});
