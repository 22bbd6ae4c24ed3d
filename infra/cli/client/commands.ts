import { setTimeout as delay } from "node:timers/promises";
import type { JsonObject } from "../../../shared/core/json";
import { type Arguments, requireOnly, UsageError } from "./arguments";
import { type Command, type CommandContext, text } from "./command";
import { deliveries, delivery, deliveryColumns } from "./delivery-commands";
import { GatewayError } from "./gateway";
import { somePages } from "./pages";
import { toJson, toRow } from "./print";
import { replayMany, replayOne, replayPlanned } from "./replay-commands";
import { health, list, register } from "./webhook-commands";

/** The commands; of one name, those that are told by a word come first. */
export const commands: readonly Command[] = [
  register,
  list,
  health,
  delivery,
  deliveries,
  replayOne,
  replayPlanned,
  replayMany,
  {
    name: "tail",
    usage: "tail [WEBHOOK] [--interval SECONDS]",
    summary: "Show deliveries as they come, until Ctrl-C.",
    maxWords: 1,
    options: ["interval"],
    run: tail,
  },
];

/** The command that is asked for. @throws {UsageError} it has no use for something that it was given */
export function findCommand(given: Arguments): Command | undefined {
  const [word = ""] = given.words;
  const found = commands.find(({ name, wordPrefix = "" }) => name === given.command && word.startsWith(wordPrefix));
  if (found) requireOnly(found, given);
  return found;
}

/** Polls, because the log has no other way to tell; a line comes again when its outcome has changed. */
async function tail(context: CommandContext): Promise<void> {
  const { words, flags, now, signal, print } = context;
  const [registrationId] = words;
  const seconds = Number(flags.interval);
  if (!(seconds >= 1)) throw new UsageError("--interval is to be at least 1 second");
  const seen = new Map<string, string>();
  // What was received shortly before may still change its outcome.
  const since = (): string => new Date(now() - 600_000).toISOString();
  const newest = (): Promise<readonly JsonObject[]> => somePages(context, { registrationId, since: since() }, 200);
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const found = isFirst ? await newest() : await newest().catch((error: unknown) => onceOut(context, error));
    for (const line of found.toReversed()) {
      const state = toJson(line);
      const id = text(line, "deliveryId");
      if (seen.get(id) === state) continue;
      seen.set(id, state);
      if (!isFirst) print(flags.json ? state : toRow(deliveryColumns, line));
    }
    await delay(seconds * 1000, undefined, { signal }).catch(() => undefined);
  }
}

/** An outage of the gateway ends: whoever watches goes on watching. */
function onceOut({ warn }: CommandContext, error: unknown): readonly JsonObject[] {
  if (!(error instanceof GatewayError)) throw error;
  warn(error.message);
  return [];
}
