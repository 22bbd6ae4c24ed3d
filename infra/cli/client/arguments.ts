import { parseArgs } from "node:util";
import { parseJson } from "../../../shared/core/delivery-request";
import { asObject, type JsonObject } from "../../../shared/core/json";

/** What was asked for cannot be understood; `message` says what to do instead. */
export class UsageError extends Error {}

/** Those of every command. */
const common = {
  url: { type: "string" },
  token: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Those that belong to some. */
const special = {
  connection: { type: "string" },
  events: { type: "string" },
  secret: { type: "string" },
  verification: { type: "string" },
  target: { type: "string" },
  "keep-bodies": { type: "boolean", default: false },
  integration: { type: "string" },
  health: { type: "string" },
  verdict: { type: "string" },
  outcome: { type: "string" },
  event: { type: "string" },
  entity: { type: "string" },
  replay: { type: "string" },
  since: { type: "string" },
  until: { type: "string" },
  limit: { type: "string" },
  run: { type: "boolean", default: false },
  rate: { type: "string" },
  cancel: { type: "boolean", default: false },
  interval: { type: "string", default: "2" },
} as const;

/** An option that belongs to some commands, and not to others. */
export type OptionName = keyof typeof special;

/** The words and flags of a call. */
export interface Arguments {
  readonly command: string;
  readonly words: readonly string[];
  readonly flags: ReturnType<typeof parse>["values"];
  /** Names of the options that were given, apart from those of every command. */
  readonly given: readonly string[];
  readonly url: string;
  readonly token: string;
}

function parse(words: readonly string[]) {
  try {
    const options = { ...common, ...special };
    return parseArgs({ args: [...words], options, allowPositionals: true, tokens: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

const LOCAL = "http://localhost:3000";
const loopback = /^http:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/;

/**
 * `--url` and `--token` come before CASTIEL_URL and API_TOKEN. On the same machine `test-token` stands in.
 * @throws {UsageError}
 */
export function readArguments(words: readonly string[], env: NodeJS.ProcessEnv): Arguments {
  const { values: flags, positionals, tokens } = parse(words);
  const given = tokens.flatMap((token) => (token.kind === "option" && !(token.name in common) ? [token.name] : []));
  const [command = "help", ...rest] = positionals;
  const url = (flags.url ?? env["CASTIEL_URL"] ?? LOCAL).replace(/\/+$/, "");
  if (!URL.canParse(url)) throw new UsageError(`--url: ${url} is no URL`);
  const isLocal = loopback.test(url);
  if (!url.startsWith("https://") && !isLocal)
    throw new UsageError("--url: plain http would show the token to everybody");
  const token = flags.token ?? env["API_TOKEN"] ?? (isLocal ? "test-token" : undefined);
  if (token === undefined) throw new UsageError("--token or API_TOKEN is needed");
  return { command: flags.help ? "help" : command, words: rest, flags, given, url, token };
}

/** What a command takes, and how it says so. */
export interface Takes {
  readonly usage: string;
  /** How many words at most. */
  readonly maxWords: number;
  readonly options: readonly OptionName[];
}

/** Nothing that was asked for is left out without a word. @throws {UsageError} */
export function requireOnly({ usage, maxWords, options }: Takes, { words, given }: Arguments): void {
  const strayOption = given.find((name) => !options.some((option) => option === name));
  const stray = strayOption === undefined ? words[maxWords] : `--${strayOption}`;
  if (stray !== undefined) throw new UsageError(`${stray} does not belong to: ${usage}`);
}

/** A whole number from 1 in a flag. @throws {UsageError} */
export function countIn(name: OptionName, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--${name} is to be a whole number from 1`);
  return Number(text);
}

/** A JSON object in a flag. @throws {UsageError} */
export function objectIn(name: OptionName, text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  const value = asObject(parseJson(text));
  if (value === undefined) throw new UsageError(`--${name} is to be a JSON object`);
  return value;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `2h`, `30m`, `7d` before `now` (milliseconds since 1970), or a time in ISO 8601; answers ISO 8601. @throws {UsageError} */
export function timeIn(name: OptionName, text: string | undefined, now: number): string | undefined {
  if (text === undefined) return undefined;
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const stated = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  const time = count === undefined ? stated : now - Number(count) * (UNITS[unit] ?? 0);
  if (!Number.isFinite(time)) throw new UsageError(`--${name}: ${text} is neither a time nor like 2h, 30m or 7d`);
  return new Date(time).toISOString();
}
