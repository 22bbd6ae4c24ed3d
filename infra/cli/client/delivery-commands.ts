import { timeIn, UsageError } from "./arguments";
import { type Command, type CommandContext, show } from "./command";
import { somePages } from "./pages";
import { type Column, toJson, toTable } from "./print";

/** `castiel-webhooks deliveries`. */
export const deliveries: Command = {
  usage: "deliveries [ID] [--verdict V] [--outcome O] [--event NAME] [--entity ID] [--since 2h] [--limit 50]",
  summary: "Search the delivery log; an ID that begins with delivery- shows that delivery.",
  run: showDeliveries,
};

/** `castiel-webhooks replay`. */
export const replay: Command = { usage: "replay <delivery>", summary: "Replay a delivery.", run: replayDelivery };

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

async function showDeliveries(context: CommandContext): Promise<void> {
  const { words, flags, gateway, now } = context;
  const [id] = words;
  if (id?.startsWith("delivery-") === true) {
    const found = await gateway.call("GET", `/deliveries/${encodeURIComponent(id)}`);
    context.print(toJson(found, 2));
    return;
  }
  const query = {
    registrationId: id,
    integrationId: flags.integration,
    verdict: flags.verdict,
    outcome: flags.outcome,
    eventName: flags.event,
    entityId: flags.entity,
    since: timeIn(flags.since, now()),
  };
  const found = await somePages(context, query, Number(flags.limit ?? 50));
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
