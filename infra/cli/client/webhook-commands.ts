import { asArray } from "../../../shared/core/json";
import { objectIn, UsageError } from "./arguments";
import { type Command, type CommandContext, show } from "./command";
import { allPages } from "./pages";
import { type Column, pick, toFigures, toTable, toText } from "./print";

/** `castiel-webhooks register`. */
export const register: Command = {
  name: "register",
  usage:
    "register <integration> --connection ID --events A,B [--secret S] [--verification JSON] [--target JSON] [--keep-bodies]",
  summary: "Register a webhook; with --target it is set up at its provider.",
  maxWords: 1,
  options: ["connection", "events", "secret", "verification", "target", "keep-bodies"],
  run: registerWebhook,
};

/** `castiel-webhooks list`. */
export const list: Command = {
  name: "list",
  usage: "list [--integration ID] [--health degraded,failed]",
  summary: "List webhooks, and how they are.",
  maxWords: 0,
  options: ["integration", "health"],
  run: listWebhooks,
};

/** `castiel-webhooks health`. */
export const health: Command = {
  name: "health",
  usage: "health [WEBHOOK]",
  summary: "Show the health of a webhook, or of the service.",
  maxWords: 1,
  options: [],
  run: showHealth,
};

async function registerWebhook(context: CommandContext): Promise<void> {
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
    ...(flags["keep-bodies"] && { keepBodies: true }),
  };
  const webhook = await gateway.call("POST", `/integrations/${encodeURIComponent(integration)}/webhooks`, { body });
  show(context, webhook, () => {
    const { webhookSecret: secret } = webhook;
    const told = secret === undefined ? webhook : { ...webhook, webhookSecret: `${toText(secret)}  (shown this once)` };
    const steps = asArray(webhook["setup"]).map((step, index) => `${index + 1}. ${toText(step)}`);
    return [toFigures(pick(told, ["registrationId", "webhookUrl", "webhookSecret", "status"])), ...steps].join("\n");
  });
}

const webhookColumns: readonly Column[] = [
  ["WEBHOOK", "registrationId"],
  ["INTEGRATION", "integrationId"],
  ["CONNECTION", "connectionId"],
  ["STATUS", "status"],
  ["HEALTH", "health.status"],
  ["EVENTS", "events"],
];

async function listWebhooks(context: CommandContext): Promise<void> {
  const { flags } = context;
  // A list tells the health of webhooks only where it is narrowed by it.
  const query = { integrationId: flags.integration, health: flags.health ?? "healthy,degraded,failed" };
  const webhooks = await allPages(context, "/webhooks", "webhooks", query);
  show(context, { webhooks }, () => toTable(webhookColumns, webhooks));
}

async function showHealth(context: CommandContext): Promise<void> {
  const [id] = context.words;
  const path = id === undefined ? "/webhooks/health" : `/webhooks/${encodeURIComponent(id)}/health`;
  const found = await context.gateway.call("GET", path);
  show(context, found, () => {
    const { recommendations, ...figures } = found;
    return [toFigures(figures), ...asArray(recommendations).map((sentence) => `- ${toText(sentence)}`)].join("\n");
  });
}
