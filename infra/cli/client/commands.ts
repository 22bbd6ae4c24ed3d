import { type Arguments, requireOnly } from "./arguments";
import type { Command } from "./command";
import { deliveries, delivery } from "./delivery-commands";
import { replayMany, replayOne, replayPlanned } from "./replay-commands";
import { tail } from "./tail";
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
  tail,
];

/** The command that is asked for. @throws {UsageError} it has no use for something that it was given */
export function findCommand(given: Arguments): Command | undefined {
  const [word = ""] = given.words;
  const found = commands.find(({ name, wordPrefix = "" }) => name === given.command && word.startsWith(wordPrefix));
  if (found) requireOnly(found, given);
  return found;
}
