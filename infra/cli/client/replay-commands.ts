import { type JsonObject, objectsIn } from "../../../shared/core/json";
import { countIn, UsageError } from "./arguments";
import { type Command, type CommandContext, show, text } from "./command";
import { deliveryColumns } from "./delivery-commands";
import { followReplay } from "./follow-replay";
import { GatewayError } from "./gateway";
import { pick, plain, toFigures, toTable, toText } from "./print";
import { searchIn, searchOptions, searchUsage } from "./search";

/** `castiel-webhooks replay`, with the id of a delivery. */
export const replayOne: Command = {
  name: "replay",
  wordPrefix: "delivery-",
  usage: "replay <delivery>",
  summary: "Replay a delivery.",
  maxWords: 1,
  options: [],
  run: replayDelivery,
};

/** `castiel-webhooks replay`, with the id of a replay. */
export const replayPlanned: Command = {
  name: "replay",
  wordPrefix: "replay-",
  usage: "replay <replay> [--run [--rate N]] [--cancel]",
  summary: "Show a replay; run what was planned, or stop it.",
  maxWords: 1,
  options: ["run", "rate", "cancel"],
  run: changeReplay,
};

/** `castiel-webhooks replay`, with a search. */
export const replayMany: Command = {
  name: "replay",
  usage: `replay ${searchUsage} [--run [--rate N]]`,
  summary: "Plan a replay of all that a search finds; --run also runs it, N events a second, and shows how far it is.",
  maxWords: 1,
  options: [...searchOptions, "run", "rate"],
  run: planReplay,
};

async function replayDelivery(context: CommandContext): Promise<void> {
  const [id = ""] = context.words;
  const reply = await context.gateway.call("POST", `/deliveries/${encodeURIComponent(id)}/replay`);
  // What ended at the door has other lines from now on.
  show(context, reply, () => `queued again: ${toText(reply["deliveries"] ?? id)}`);
}

async function planReplay(context: CommandContext): Promise<void> {
  const { flags, gateway } = context;
  const search = searchIn(context);
  const body = runBody(context);
  if (Object.values(search).every((value) => value === undefined))
    throw new UsageError("which delivery? Its id, or a search for many: replay --outcome dead --since 2h");
  const plan = await gateway.call("POST", "/replays", { body: search });
  if (!flags.run || !flags.json) show(context, plan, () => toPlan(plan));
  if (flags.run) await runReplay(context, text(plan, "replayId"), body);
}

async function changeReplay(context: CommandContext): Promise<void> {
  const { words, flags, gateway } = context;
  const [id = ""] = words;
  const body = runBody(context);
  if (flags.run && flags.cancel) throw new UsageError("--run or --cancel?");
  if (flags.run) return runReplay(context, id, body);
  const path = pathOf(id);
  const replay = await (flags.cancel ? gateway.call("POST", `${path}/cancel`) : gateway.call("GET", path));
  show(context, replay, () => toPlan(replay));
}

async function runReplay(context: CommandContext, id: string, body: object): Promise<void> {
  const path = pathOf(id);
  const started = await context.gateway.call("POST", `${path}/run`, { body });
  const replay = await followReplay(context, path, started);
  show(context, replay, () => toFigures(pick(replay, outcomeFields)));
  const status = text(replay, "status");
  if (status === "running")
    context.warn(plain(`it runs on: replay ${id} shows how far it is, and stops it with --cancel`));
  else if (status !== "completed") throw new GatewayError(plain(`${id} is ${status}`));
}

/** How fast it is to run. @throws {UsageError} */
function runBody({ flags }: CommandContext): object {
  if (flags.rate === undefined) return {};
  if (!flags.run) throw new UsageError("--rate is of --run");
  return { ratePerSecond: countIn("rate", flags.rate) };
}

function pathOf(id: string): string {
  return `/replays/${encodeURIComponent(id)}`;
}

const outcomeFields = ["status", "queued", "skipped", "startedAt", "finishedAt", "cancelledBy", "reason"] as const;

const planFields = [
  "replayId",
  "filter",
  "since",
  "until",
  "matched",
  "replayable",
  "notReplayable",
  "oldest",
  "newest",
  "plannedAt",
  "plannedBy",
  "ratePerSecond",
  "startedBy",
  ...outcomeFields,
] as const;

/** All of a replay; of a plan also what it would begin with. */
function toPlan(replay: JsonObject): string {
  const sample = text(replay, "status") === "planned" ? objectsIn(replay["sample"]) : [];
  const table = sample.length === 0 ? [] : ["", "It begins with", toTable(deliveryColumns, sample)];
  return [toFigures(pick(replay, planFields)), ...table].join("\n");
}
