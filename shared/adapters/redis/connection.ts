import { createClient } from "@redis/client";
import { textAt } from "../../core/json";
import type { Clock, Log } from "../../core/ports";

/** The client, for the adapters of this folder. */
export type RedisClient = ReturnType<typeof createRedisClient>;

/** Where Redis is, and what the connection goes by. */
export interface RedisOptions {
  /** `redis[s]://[[user][:password]@]host[:port][/database]`; never logged, because of the password. */
  readonly url: string;
  readonly now: Clock;
  readonly log: Log;
  /**
   * How long a command may take. Redis answers within a millisecond or two: whoever waits longer than 300, the default,
   * is better off without it.
   */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 300;
/** The start waits for as many timeouts, so that the first calls are counted together already. */
const START_TIMEOUTS = 3;
/** After a command that failed, nobody asks this connection for so long. */
const REST_MS = 5_000;
const CONNECT_TIMEOUT_MS = 2_000;
const LONGEST_PAUSE_MS = 5_000;
/** A server that takes a connection and then says nothing is given up after so long. */
const SILENCE_MS = 25_000;
/** Well within that, so that a healthy connection is never silent for as long. */
const PING_MS = 10_000;

/** A connection that may be down at any time: it comes back by itself, and nobody has to care but for one log line. */
export class RedisConnection {
  readonly #client: RedisClient;
  readonly #now: Clock;
  readonly #log: Log;
  readonly #timeoutMs: number;
  #isDown = false;
  #restUntil = -Infinity;

  private constructor({ url, now, log, timeoutMs = TIMEOUT_MS }: RedisOptions) {
    this.#client = createRedisClient(url);
    this.#now = now;
    this.#log = log;
    this.#timeoutMs = timeoutMs;
    this.#client.on("error", (error: unknown) => this.#noteDown(error));
    this.#client.on("ready", () => this.#noteUp());
  }

  /** Connects; if that fails at first or takes long, it goes on in the background. Never rejects. */
  static async open(options: RedisOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options);
    const { promise: failed, resolve: fail } = Promise.withResolvers<unknown>();
    connection.#client.once("error", fail);
    const connecting = connection.#connect();
    const tried = within(START_TIMEOUTS * connection.#timeoutMs, Promise.race([connecting, failed]));
    await tried.catch((error: unknown) => connection.#noteDown(error));
    return connection;
  }

  /** What the commands answer; `undefined` if Redis is out, or does not answer in time. Never rejects. */
  async run<T>(commands: (client: RedisClient) => Promise<T>): Promise<T | undefined> {
    if (!this.#client.isReady || this.#now() < this.#restUntil) return undefined;
    try {
      const answer = await within(this.#timeoutMs, commands(this.#client));
      this.#noteUp();
      return answer;
    } catch (error) {
      this.#noteDown(error);
      this.#restUntil = this.#now() + REST_MS;
      if (error instanceof NoAnswer) this.#connectAnew();
      return undefined;
    }
  }

  close(): void {
    this.#client.destroy();
  }

  #connect(): Promise<unknown> {
    return this.#client.connect().catch((error: unknown) => this.#noteDown(error));
  }

  /**
   * The other end may be gone without a word, which TCP may take a quarter of an hour to notice. A new connection counts
   * once Redis has answered on it.
   */
  #connectAnew(): void {
    if (!this.#client.isReady) return;
    this.#client.destroy();
    void this.#connect();
  }

  #noteDown(error: unknown): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#log("warn", "redis.lost", { error: reasonOf(error) });
  }

  #noteUp(): void {
    this.#restUntil = -Infinity;
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#log("info", "redis.back");
  }
}

function createRedisClient(url: string) {
  return createClient({
    url,
    // What cannot be sent now is done without Redis now, and must not be sent later.
    disableOfflineQueue: true,
    pingInterval: PING_MS,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 10), LONGEST_PAUSE_MS),
    },
  });
}

/** Where a name has several addresses and none answers, the error has a code and no message. */
function reasonOf(error: unknown): string {
  return textAt(error, "message") ?? textAt(error, "code") ?? String(error);
}

class NoAnswer extends Error {}

/** The client's own timeout ends once a command is on its way, and a server that hangs would never be noticed. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NoAnswer(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
