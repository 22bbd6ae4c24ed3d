import { type OptionName, timeIn } from "./arguments";
import type { CommandContext } from "./command";

/** What a command that searches the delivery log is called with. */
export const searchUsage =
  "[WEBHOOK] [--integration ID] [--verdict V] [--outcome O] [--event NAME] [--entity ID] [--replay ID] [--since 2h] [--until 1h]";

/** The options of a search of the delivery log. */
export const searchOptions: readonly OptionName[] = [
  "integration",
  "verdict",
  "outcome",
  "event",
  "entity",
  "replay",
  "since",
  "until",
];

/** The search, as the API takes it. @throws {UsageError} */
export function searchIn({
  words: [registrationId],
  flags,
  now,
}: CommandContext): Readonly<Record<string, string | undefined>> {
  return {
    registrationId,
    integrationId: flags.integration,
    verdict: flags.verdict,
    outcome: flags.outcome,
    eventName: flags.event,
    entityId: flags.entity,
    replayId: flags.replay,
    since: timeIn("since", flags.since, now()),
    until: timeIn("until", flags.until, now()),
  };
}
