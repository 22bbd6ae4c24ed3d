import type { Log, LogLevel } from "../core/ports";
import { isNearLimit, type Operation, type RateFigures } from "../core/rate-limit";
import type { RateSource } from "../core/rate-limiter";

/** A window that stays full says so once a minute, not at each call. */
const QUIET_MS = 60_000;
const MAX_REMEMBERED = 1_000;

type Fields = Readonly<Record<string, string | number>>;

interface Line {
  readonly level: LogLevel;
  readonly event: string;
  /** What names the window. */
  readonly window: Fields;
  readonly details: Fields;
}

/** The log lines of the limiter: `rate_limit.near`, `rate_limit.exceeded`, `rate_limit.reduced`, `rate_limit.restored`. */
export class RateReporter {
  readonly #log: Log;
  readonly #saidAt = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** A call was made: each level that is at 80 percent now is worth a line. */
  noteMade(source: RateSource, operation: Operation, levels: readonly RateFigures[], now: number): void {
    for (const figures of levels.filter(isNearLimit)) {
      const window = windowOf(source, operation, figures);
      const details = { limit: figures.limit, made: figures.made };
      this.#say({ level: "info", event: "rate_limit.near", window, details }, now);
    }
  }

  /** A call has to wait. */
  noteExceeded(
    source: RateSource,
    operation: Operation,
    { figures, retryAt }: { readonly figures: RateFigures; readonly retryAt: number },
    now: number,
  ): void {
    const window = windowOf(source, operation, figures);
    const details = { limit: figures.limit, made: figures.made, retryAt: new Date(retryAt).toISOString() };
    this.#say({ level: "warn", event: "rate_limit.exceeded", window, details }, now);
  }

  /** The provider told its quota, and this is the share of our limits that is used before and after. */
  noteMultiplier({ tenantId, integrationId }: RateSource, before: number, multiplier: number): void {
    const fields = { tenantId, integrationId, multiplier };
    if (multiplier < before) this.#log("warn", "rate_limit.reduced", fields);
    if (multiplier > before) this.#log("info", "rate_limit.restored", fields);
  }

  #say({ level, event, window, details }: Line, now: number): void {
    const topic = JSON.stringify([event, window]);
    if (now - (this.#saidAt.get(topic) ?? -Infinity) < QUIET_MS) return;
    this.#saidAt.delete(topic);
    this.#saidAt.set(topic, now);
    const [oldest] = this.#saidAt.keys();
    if (this.#saidAt.size > MAX_REMEMBERED && oldest !== undefined) this.#saidAt.delete(oldest);
    this.#log(level, event, { ...window, ...details });
  }
}

/** What names a window: the total of a tenant is the same one for every integration and operation. */
function windowOf({ tenantId, integrationId }: RateSource, operation: Operation, { level }: RateFigures): Fields {
  switch (level) {
    case "tenant":
      return { limitLevel: level, tenantId };
    case "integration":
      return { limitLevel: level, tenantId, integrationId };
    case "operation":
      return { limitLevel: level, tenantId, integrationId, operation };
  }
}
