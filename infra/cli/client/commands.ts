import { setTimeout as delay } from "node:timers/promises";
import { asArray, asText, type JsonObject, objectsIn, textAt } from "../../../shared/core/json";
import { type Arguments, objectIn, timeIn, UsageError } from "./arguments";
import { type Gateway, GatewayError } from "./gateway";
import { type Column, toJson, toRow, toTable } from "./print";

/** What a command works with. */
export interface CommandContext extends Arguments {
  readonly gateway: Gateway;
  readonly print: (text: string) => void;
  /** Says what went wrong of something that goes on. */
  readonly warn: (text: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Ends what goes on until it is told to stop. */
  readonly signal: AbortSignal;
}

/** A command: what it is called with, what it does, and the doing. */
export interface Command {
  readonly usage: string;
  readonly summary: string;
  readonly run: (context: CommandContext) => Promise<void>;
}

/** The commands by name. */
export const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  [
    "register",
    {
      usage: "register <integration> --connection ID --events A,B [--secret S] [--verification JSON] [--target JSON]",
      summary: "Register a webhook; with --target it is set up at its provider.",
      run: register,
    },
  ],
  ["list", { usage: "list [--integration ID] [--health degraded,failed]", summary: "List webhooks.", run: list }],
  ["health", { usage: "health [ID]", summary: "Show the health of a webhook, or of the service.", run: health }],
  [
    "deliveries",
    {
      usage: "deliveries [ID] [--verdict V] [--outcome O] [--event NAME] [--entity ID] [--since 2h] [--limit 50]",
      summary: "Search the delivery log; an ID that begins with delivery- shows that delivery.",
      run: deliveries,
    },
  ],
  ["replay", { usage: "replay <delivery>", summary: "Replay a delivery.", run: replay }],
  [
    "tail",
    { usage: "tail [ID] [--interval SECONDS]", summary: "Show deliveries as they come, until Ctrl-C.", run: tail },
  ],
]);

async function register(context: CommandContext): Promise<void> {
  const { words, flags, gateway } = context;
  const [integration] = words;
  if (integration === undefined) throw new UsageError("which integration? For example: register github");
  const target = objectIn("target", flags.target);
  const verification = objectIn("verification", flags.verification);
  const body = {
    connectionId: flags.connection,
    events: flags.events?.split(",").map((event) => event.trim()),
    webhookSecret: flags.secret,
    ...(verification && { verification }),
    ...(target && { provision: true, target }),
  };
  const webhook = await gateway.call("POST", `/integrations/${encodeURIComponent(integration)}/webhooks`, { body });
  show(context, webhook, () =>
    [
      `registrationId  ${text(webhook, "registrationId")}`,
      `webhookUrl      ${text(webhook, "webhookUrl")}`,
      ...(webhook["webhookSecret"] === undefined
        ? []
        : [`webhookSecret   ${text(webhook, "webhookSecret")}  (shown this once)`]),
      `status          ${text(webhook, "status")}`,
      ...asArray(webhook["setup"]).map((step, index) => `${index + 1}. ${asText(step) ?? ""}`),
    ].join("\n"),
  );
}

const webhookColumns: readonly Column[] = [
  ["WEBHOOK", "registrationId"],
  ["INTEGRATION", "integrationId"],
  ["CONNECTION", "connectionId"],
  ["STATUS", "status"],
  ["EVENTS", "events"],
];

async function list(context: CommandContext): Promise<void> {
  const { flags } = context;
  const query = { integrationId: flags.integration, health: flags.health };
  const webhooks = await allPages(context, "/webhooks", "webhooks", query);
  show(context, { webhooks }, () => toTable(webhookColumns, webhooks));
}

async function health(context: CommandContext): Promise<void> {
  const [id] = context.words;
  const path = id === undefined ? "/webhooks/health" : `/webhooks/${encodeURIComponent(id)}/health`;
  const found = await context.gateway.call("GET", path);
  show(context, found, () => {
    const figures = Object.entries(found).filter(([, value]) => ["string", "number"].includes(typeof value));
    const advice = asArray(found["recommendations"]).map((sentence) => `- ${asText(sentence) ?? ""}`);
    return [...figures.map(([name, value]) => `${name.padEnd(24)}${String(value)}`), ...advice].join("\n");
  });
}

const deliveryColumns: readonly (readonly [...Column, number])[] = [
  ["RECEIVED", "receivedAt", 24],
  ["VERDICT", "verdict", 12],
  ["OUTCOME", "outcome", 12],
  ["EVENT", "eventName", 24],
  ["ENTITY", "entityId", 20],
  ["REASON", "reason", 20],
  ["DELIVERY", "deliveryId", 0],
];

async function deliveries(context: CommandContext): Promise<void> {
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

async function replay(context: CommandContext): Promise<void> {
  const [id] = context.words;
  if (id === undefined) throw new UsageError("which delivery? deliveries shows their ids");
  const reply = await context.gateway.call("POST", `/deliveries/${encodeURIComponent(id)}/replay`);
  show(context, reply, () => `queued again: ${id}`);
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

function show({ flags, print }: CommandContext, json: JsonObject, human: () => string): void {
  print(flags.json ? toJson(json, 2) : human());
}

function text(value: JsonObject, name: string): string {
  return textAt(value, name) ?? "";
}

async function allPages(
  { gateway }: CommandContext,
  path: string,
  field: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<readonly JsonObject[]> {
  const items: JsonObject[] = [];
  let cursor: string | undefined;
  do {
    const page = await gateway.call("GET", path, { query: { ...query, limit: "200", cursor } });
    items.push(...objectsIn(page[field]));
    cursor = textAt(page, "nextCursor");
  } while (cursor !== undefined);
  return items;
}

/** The newest lines of the log, up to `most`. */
async function somePages(
  { gateway }: CommandContext,
  query: Readonly<Record<string, string | undefined>>,
  most: number,
): Promise<readonly JsonObject[]> {
  if (!(most >= 1)) throw new UsageError("--limit is to be a number from 1");
  const items: JsonObject[] = [];
  let cursor: string | undefined;
  do {
    const limit = String(Math.min(200, most - items.length));
    const page = await gateway.call("GET", "/deliveries", { query: { ...query, limit, cursor } });
    items.push(...objectsIn(page["deliveries"]));
    cursor = textAt(page, "nextCursor");
  } while (cursor !== undefined && items.length < most);
  return items;
}
