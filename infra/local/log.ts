import { stripVTControlCharacters } from "node:util";
import type { Config } from "../../shared/config";
import type { Log, LogLevel } from "../../shared/core/ports";

/** Where lines go; a terminal gets them for people. */
export interface LogTarget {
  readonly isTTY?: boolean;
  write(line: string): unknown;
}

type Fields = Readonly<Record<string, unknown>>;

const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];
const simple = /^[\w.:/@%+#?&=,-]+$/;

/**
 * A log that writes one JSON object a line (`time` in ISO 8601, `level`, `event`, then the fields) or, on a terminal
 * unless the configuration says otherwise, a line for people: `12:00:00 info  host.listening functions=12`.
 */
export function createLog(config: Pick<Config, "logFormat" | "logLevel">, target: LogTarget = process.stdout): Log {
  const asText = config.logFormat === "auto" ? target.isTTY === true : config.logFormat === "text";
  const toLine = asText ? toTextLine : toJsonLine;
  const least = order.indexOf(config.logLevel);
  return (level, event, fields = {}) => {
    if (order.indexOf(level) < least) return;
    target.write(`${toLine(new Date().toISOString(), level, event, fields)}\n`);
  };
}

function toJsonLine(time: string, level: LogLevel, event: string, fields: Fields): string {
  return toJson({ time, level, event, ...fields }) ?? JSON.stringify({ time, level, event, fields: "unprintable" });
}

function toTextLine(time: string, level: LogLevel, event: string, fields: Fields): string {
  const words = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${toText(value)}`);
  return [time.slice(11, 19), level.padEnd(5), event, ...words].join(" ");
}

/** Quoted where it holds blanks; a stack keeps its lines, but nothing may steer the terminal. */
function toText(value: unknown): string {
  if (typeof value !== "string") return toJson(value) ?? "unprintable";
  if (simple.test(value)) return value;
  return value.includes("\n    at ") ? stripVTControlCharacters(value) : JSON.stringify(value);
}

/** `undefined` for what JSON cannot say: a circular object or a BigInt must not cost the line. */
function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
