import type { Config } from "../../shared/config";
import type { Log, LogLevel } from "../../shared/core/ports";

const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Where lines go; a terminal gets them for people. */
export interface LogTarget {
  readonly isTTY?: boolean;
  write(line: string): unknown;
}

/** A log on a stream: readable lines on a terminal, JSON objects otherwise, unless the configuration says which. */
export function createLog(config: Pick<Config, "logFormat" | "logLevel">, target: LogTarget = process.stdout): Log {
  const asText = config.logFormat === "auto" ? target.isTTY === true : config.logFormat === "text";
  const least = order.indexOf(config.logLevel);
  return (level, event, fields = {}) => {
    if (order.indexOf(level) < least) return;
    const time = new Date().toISOString();
    target.write(
      asText ? toText(time, level, event, fields) : `${JSON.stringify({ time, level, event, ...fields })}\n`,
    );
  };
}

function toText(time: string, level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>): string {
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return `${[time.slice(11, 23), level.padEnd(5), event, ...details].join(" ")}\n`;
}
