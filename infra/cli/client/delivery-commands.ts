import { countIn, timeIn, UsageError } from "./arguments";
import { type Command, type CommandContext, show } from "./command";
import { somePages } from "./pages";
import { type Column, pick, toFigures, toTable, toText } from "./print";

/** `castiel-webhooks deliveries`, with the id of one. */
export const delivery: Command = {
  name: "deliveries",
  wordPrefix: "delivery-",
  usage: "deliveries <delivery>",
  summary: "Show a delivery, and why it was refused; with --json also its headers and its event.",
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

/** What is long (headers, the event's data, each step of the sync task) is left to `--json`. */
const shownOfDelivery = [
  "deliveryId",
  "sourceDeliveryId",
  "registrationId",
  "integrationId",
  "connectionId",
  "receivedAt",
  "verdict",
  "reason",
  "eventName",
  "eventNames",
  "entityType",
  "entityId",
  "outcome",
  "change",
  "attempts",
  "settledAt",
  "latencyMs",
  "request.bodyBytes",
  "request.signedWith",
  "syncTask.taskId",
  "syncTask.status",
  "syncTask.waitingUntil",
  "syncTask.reason",
  "redacted",
  "replayable",
  "replays",
] as const;

async function showDelivery(context: CommandContext): Promise<void> {
  const [id = ""] = context.words;
  const found = await context.gateway.call("GET", `/deliveries/${encodeURIComponent(id)}`);
  show(context, found, () => {
    const explanation = found["explanation"] === undefined ? [] : [toText(found["explanation"])];
    return [toFigures(pick(found, shownOfDelivery)), ...explanation].join("\n");
  });
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
