import { setTimeout as delay } from "node:timers/promises";
import type { JsonObject } from "../../../shared/core/json";
import { UsageError } from "./arguments";
import { type Command, type CommandContext, text } from "./command";
import { deliveryColumns } from "./delivery-commands";
import { GatewayError } from "./gateway";
import { logPages } from "./pages";
import { toJson, toRow } from "./print";

/** `castiel-webhooks tail`. */
export const tail: Command = {
  name: "tail",
  usage: "tail [WEBHOOK] [--interval SECONDS]",
  summary: "Show deliveries as they come, until Ctrl-C.",
  maxWords: 1,
  options: ["interval"],
  run: follow,
};

/** What was received within this time may still change its outcome, and is looked at each time. */
const WINDOW_MS = 600_000;
/** What a look at the log reads at most. */
const MOST_LINES = 2000;

/** Polls, because the log has no other way to tell; a line comes again when its outcome has changed. */
async function follow(context: CommandContext): Promise<void> {
  const { flags, signal, print } = context;
  const seconds = Number(flags.interval);
  if (!(seconds >= 1)) throw new UsageError("--interval is to be at least 1 second");
  const log = new WatchedLog(context);
  // What is there already is known and not shown.
  await log.look();
  for (;;) {
    await delay(seconds * 1000, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const lines = await log.look().catch((error: unknown) => onceOut(context, error));
    for (const line of lines) print(flags.json ? toJson(line) : toRow(deliveryColumns, line));
  }
}

/** An outage of the gateway ends: whoever watches goes on watching. */
function onceOut({ warn }: CommandContext, error: unknown): readonly JsonObject[] {
  if (!(error instanceof GatewayError)) throw error;
  warn(error.message);
  return [];
}

/** A line as it was last seen. */
interface SeenLine {
  readonly receivedAt: string;
  readonly state: string;
}

/** The delivery log, and what of it was seen. */
class WatchedLog {
  readonly #context: CommandContext;
  readonly #seen = new Map<string, SeenLine>();
  /** ISO 8601. What was received before is of no concern: it was there at the first look, or was left out. */
  #from: string | undefined;

  constructor(context: CommandContext) {
    this.#context = context;
  }

  /**
   * The lines that are new or changed since the last look, the oldest first.
   * @throws {GatewayError}
   */
  async look(): Promise<readonly JsonObject[]> {
    const begin = new Date(this.#context.now() - WINDOW_MS).toISOString();
    const since = this.#from === undefined || this.#from < begin ? begin : this.#from;
    const { lines, isWhole } = await this.#readBack(since);
    if (!isWhole) this.#leaveOut(text(lines.at(-1) ?? {}, "receivedAt"));
    this.#from ??= since;
    for (const [id, { receivedAt }] of this.#seen) if (receivedAt < since) this.#seen.delete(id);
    return lines.filter((line) => this.#isNews(line)).toReversed();
  }

  /** Back to a time, past what was seen before, which may have changed: that is met on the way unless something is left out. */
  async #readBack(since: string): Promise<{ readonly lines: readonly JsonObject[]; readonly isWhole: boolean }> {
    const [registrationId] = this.#context.words;
    const lines: JsonObject[] = [];
    for await (const page of logPages(this.#context, { registrationId, since })) {
      lines.push(...page);
      if (lines.length >= MOST_LINES) return { lines, isWhole: lines.some((line) => this.#isSeen(line)) };
    }
    return { lines, isWhole: true };
  }

  #leaveOut(from: string): void {
    const isFirst = this.#from === undefined;
    this.#from = from;
    if (!isFirst) this.#context.warn(`more than ${MOST_LINES} deliveries at once: left out what came before ${from}`);
  }

  #isSeen(line: JsonObject): boolean {
    return this.#seen.has(text(line, "deliveryId"));
  }

  #isNews(line: JsonObject): boolean {
    const [id, state] = [text(line, "deliveryId"), toJson(line)];
    if (this.#seen.get(id)?.state === state) return false;
    this.#seen.set(id, { receivedAt: text(line, "receivedAt"), state });
    return true;
  }
}
