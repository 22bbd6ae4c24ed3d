import { type CallLog, callsIn, KEPT_SECONDS, noCalls, secondOf } from "../../core/call-log";
import { asArray } from "../../core/json";
import { type LinePlace, LONGEST_LINE_MS, type RateLedger, type RateWindow, type Tally } from "../../core/rate-limiter";
import type { RedisConnection } from "./connection";

const PREFIX = "castiel:rate:";
/** A log that nobody adds to goes by itself. Twice as long as it counts, because instances' clocks differ a little. */
const LIFE_SECONDS = 2 * KEPT_SECONDS;
/** For as long after an outage, calls that Redis does not know of still count. */
const DISTRUST_MS = KEPT_SECONDS * 1000;

/** KEYS: a hash for each window, from the second to its calls. ARGV: the present second, the oldest one that counts, the
 * life of a log in seconds, then the limit of each window. Answers 1 or 0, and what each window holds after it. */
const TAKE = `
local allowed, logs = 1, {}
for window, key in ipairs(KEYS) do
  local stored, log, calls = redis.call('HGETALL', key), {}, 0
  for n = 1, #stored, 2 do
    if tonumber(stored[n]) < tonumber(ARGV[2]) then
      redis.call('HDEL', key, stored[n])
    else
      calls = calls + tonumber(stored[n + 1])
      log[#log + 1], log[#log + 2] = stored[n], stored[n + 1]
    end
  end
  logs[window] = log
  if calls >= tonumber(ARGV[3 + window]) then allowed = 0 end
end
if allowed == 1 then
  for window, key in ipairs(KEYS) do
    local log = logs[window]
    log[#log + 1], log[#log + 2] = ARGV[1], tostring(redis.call('HINCRBY', key, ARGV[1], 1))
    redis.call('EXPIRE', key, ARGV[3])
  end
end
return { allowed, logs }`;

/** KEYS: as above. ARGV: the second of the call. */
const GIVE_BACK = `
for _, key in ipairs(KEYS) do
  local calls = tonumber(redis.call('HGET', key, ARGV[1]) or '0')
  if calls > 1 then redis.call('HINCRBY', key, ARGV[1], -1) else redis.call('HDEL', key, ARGV[1]) end
end`;

/** KEYS: the line. ARGV: the earliest place, the step, the last place there is, all in milliseconds, and now. */
const QUEUE_UP = `
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
local place = math.min(math.max(tonumber(ARGV[1]), last + tonumber(ARGV[2])), tonumber(ARGV[3]))
local text = string.format('%.0f', place)
redis.call('SET', KEYS[1], text, 'PX', math.max(1, math.floor(place - tonumber(ARGV[4]))))
return text`;

/**
 * Counts the calls of all instances that share a Redis. While it is out, this instance counts alone, and so every
 * instance may use the whole limit. It counts its own calls all the time, and for a minute after an outage a call needs
 * room in both counts: whatever happens to Redis, one instance never makes more calls than the limit.
 */
export class RedisRateLedger implements RateLedger {
  readonly #redis: RedisConnection;
  readonly #own: RateLedger;
  #outAt = -Infinity;

  /** `own` counts in memory. */
  constructor(redis: RedisConnection, own: RateLedger) {
    this.#redis = redis;
    this.#own = own;
  }

  async take(windows: readonly RateWindow[], now: number): Promise<Tally> {
    const isOwnCountRuling = now - this.#outAt < DISTRUST_MS;
    if (isOwnCountRuling) {
      // Asked before Redis, which would count a call that this instance then does not make.
      const logs = await this.#own.read(windows.map(({ key }) => key));
      const isFull = windows.some(({ limit }, n) => callsIn(logs[n] ?? noCalls, now) >= limit);
      if (isFull) return { allowed: false, logs };
    }
    const shared = await this.#takeShared(windows, now);
    if (shared === undefined) this.#outAt = now;
    if (shared?.allowed === false) return shared;
    const isStrict = shared === undefined || isOwnCountRuling;
    const own = await this.#own.take(isStrict ? windows : windows.map(withoutLimit), now);
    return shared !== undefined && own.allowed ? shared : own;
  }

  async giveBack(keys: readonly string[], takenAt: number): Promise<void> {
    await this.#own.giveBack(keys, takenAt);
    const options = { keys: keys.map((key) => PREFIX + key), arguments: [String(secondOf(takenAt))] };
    await this.#redis.run((client) => client.eval(GIVE_BACK, options));
  }

  async read(keys: readonly string[]): Promise<readonly CallLog[]> {
    const logs = await this.#redis.run((client) => Promise.all(keys.map((key) => client.hGetAll(PREFIX + key))));
    if (logs === undefined) return this.#own.read(keys);
    return logs.map((log) => toLog(Object.entries(log).flat()));
  }

  async queueUp(key: string, place: LinePlace, now: number): Promise<number> {
    const { earliest, stepMs } = place;
    const figures = [earliest, stepMs, earliest + LONGEST_LINE_MS, now];
    const at = await this.#redis.run((client) =>
      client.eval(QUEUE_UP, { keys: [PREFIX + key], arguments: figures.map(String) }),
    );
    return at === undefined ? this.#own.queueUp(key, place, now) : Number(at);
  }

  async recall(key: string, now: number): Promise<number | undefined> {
    const text = await this.#redis.run((client) => client.get(PREFIX + key));
    if (text === undefined) return this.#own.recall(key, now);
    const [value, until] = (text ?? "").split(" ").map(Number);
    return value !== undefined && until !== undefined && until > now ? value : undefined;
  }

  async remember(
    key: string,
    value: number,
    lifetime: { readonly now: number; readonly forMs: number },
  ): Promise<void> {
    await this.#own.remember(key, value, lifetime);
    const { now, forMs } = lifetime;
    const expiration = { type: "PX", value: forMs } as const;
    await this.#redis.run((client) => client.set(PREFIX + key, `${value} ${now + forMs}`, { expiration }));
  }

  async clear(keys: readonly string[]): Promise<void> {
    await this.#own.clear(keys);
    await this.#redis.run((client) => client.del(keys.map((key) => PREFIX + key)));
  }

  async #takeShared(windows: readonly RateWindow[], now: number): Promise<Tally | undefined> {
    const second = secondOf(now);
    const figures = [second, second - KEPT_SECONDS + 1, LIFE_SECONDS, ...windows.map(({ limit }) => limit)];
    const answer = await this.#redis.run((client) =>
      client.eval(TAKE, { keys: windows.map(({ key }) => PREFIX + key), arguments: figures.map(String) }),
    );
    if (answer === undefined) return undefined;
    const [allowed, logs] = asArray(answer);
    return { allowed: allowed === 1, logs: asArray(logs).map((log) => toLog(asArray(log))) };
  }
}

function withoutLimit({ key }: RateWindow): RateWindow {
  return { key, limit: Infinity };
}

/** Seconds and their calls by turns, as Redis tells a hash; the later of two entries for a second counts. */
function toLog(flat: readonly unknown[]): CallLog {
  const log = new Map<number, number>();
  for (let n = 0; n + 1 < flat.length; n += 2) log.set(Number(flat[n]), Number(flat[n + 1]));
  return log;
}
