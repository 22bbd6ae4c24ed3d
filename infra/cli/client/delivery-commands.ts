import { countIn, timeIn, UsageError } from "./arguments";
import { type Command, type CommandContext, show } from "./command";
import { somePages } from "./pages";
import { type Column, toJson, toTable } from "./print";

/** `castiel-webhooks deliveries`, with the id of one. */
export const delivery: Command = {
  name: "deliveries",
  wordPrefix: "delivery-",
  usage: "deliveries <delivery>",
  summary: "Show a delivery.",
  maxWords: 1,
  options: [],
  run: showDelivery,
};

/** `castiel-webhooks deliveries`. */
export const deliveries: Command = {
  name: "deliveries",
  usage:
    "deliveries [WEBHOOK] [--integration ID] [--verdict V] [--outcome O] [--event NAME] [--entity ID] [--since 2h] [--limit 50]",
  summary: "Search the delivery log, of one webhook or of all.",
  maxWords: 1,
  options: ["integration", "verdict", "outcome", "event", "entity", "since", "limit"],
  run: searchDeliveries,
};

/** `castiel-webhooks replay`. */
export const replay: Command = {
  name: "replay",
  usage: "replay <delivery>",
  summary: "Replay a delivery.",
  maxWords: 1,
  options: [],
  run: replayDelivery,
};

/** Columns of the delivery log, each with the width that it has where rows come one by one. */
export const deliveryColumns: readonly (readonly [...Column, number])[] = [
  ["RECEIVED", "receivedAt", 24],
  ["VERDICT", "verdict", 12],
  ["OUTCOME", "outcome", 12],
  ["EVENT", "eventName", 24],
  ["ENTITY", "entityId", 20],
  ["REASON", "reason", 20],
  ["DELIVERY", "deliveryId", 0],
];

async function showDelivery({ words: [id = ""], gateway, print }: CommandContext): Promise<void> {
  print(toJson(await gateway.call("GET", `/deliveries/${encodeURIComponent(id)}`), 2));
}

async function searchDeliveries(context: CommandContext): Promise<void> {
  const { words, flags, now } = context;
  const query = {
    registrationId: words[0],
    integrationId: flags.integration,
    verdict: flags.verdict,
    outcome: flags.outcome,
    eventName: flags.event,
    entityId: flags.entity,
    since: timeIn(flags.since, now()),
  };
  const found = await somePages(context, query, countIn("limit", flags.limit ?? "50"));
  show(context, { deliveries: found }, () =>
    toTable(
      deliveryColumns.map(([heading, field]) => [heading, field]),
      found,
    ),
  );
}

async function replayDelivery(context: CommandContext): Promise<void> {
  const [id] = context.words;
  if (id === undefined) throw new UsageError("which delivery? deliveries shows their ids");
  const reply = await context.gateway.call("POST", `/deliveries/${encodeURIComponent(id)}/replay`);
  show(context, reply, () => `queued again: ${id}`);
}
