import { countIn } from "./arguments";
import { type Command, type CommandContext, show } from "./command";
import { somePages } from "./pages";
import { type Column, pick, toFigures, toTable, toText } from "./print";
import { searchIn, searchOptions, searchUsage } from "./search";

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

/** `castiel-webhooks deliveries`, with a search. */
export const deliveries: Command = {
  name: "deliveries",
  usage: `deliveries ${searchUsage} [--limit 50]`,
  summary: "Search the delivery log, of one webhook or of all.",
  maxWords: 1,
  options: [...searchOptions, "limit"],
  run: searchDeliveries,
};

/** Columns of the delivery log. */
export const deliveryColumns: readonly Column[] = [
  ["RECEIVED", "receivedAt", 24],
  ["VERDICT", "verdict", 12],
  ["OUTCOME", "outcome", 12],
  ["EVENT", "eventName", 24],
  ["ENTITY", "entityId", 20],
  ["REASON", "reason", 20],
  ["DELIVERY", "deliveryId"],
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
  const found = await somePages(context, searchIn(context), countIn("limit", context.flags.limit ?? "50"));
  show(context, { deliveries: found }, () => toTable(deliveryColumns, found));
}
