import { asArray, asText } from "../../../shared/core/json";
import { objectIn, UsageError } from "./arguments";
import { type Command, type CommandContext, show, text } from "./command";
import { allPages } from "./pages";
import { type Column, toTable } from "./print";

/** `castiel-webhooks register`. */
export const register: Command = {
  name: "register",
  usage: "register <integration> --connection ID --events A,B [--secret S] [--verification JSON] [--target JSON]",
  summary: "Register a webhook; with --target it is set up at its provider.",
  maxWords: 1,
  options: ["connection", "events", "secret", "verification", "target"],
  run: registerWebhook,
};

/** `castiel-webhooks list`. */
export const list: Command = {
  name: "list",
  usage: "list [--integration ID] [--health degraded,failed]",
  summary: "List webhooks.",
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

async function listWebhooks(context: CommandContext): Promise<void> {
  const { flags } = context;
  const query = { integrationId: flags.integration, health: flags.health };
  const webhooks = await allPages(context, "/webhooks", "webhooks", query);
  show(context, { webhooks }, () => toTable(webhookColumns, webhooks));
}

async function showHealth(context: CommandContext): Promise<void> {
  const [id] = context.words;
  const path = id === undefined ? "/webhooks/health" : `/webhooks/${encodeURIComponent(id)}/health`;
  const found = await context.gateway.call("GET", path);
  show(context, found, () => {
    const figures = Object.entries(found).filter(([, value]) => ["string", "number"].includes(typeof value));
    const advice = asArray(found["recommendations"]).map((sentence) => `- ${asText(sentence) ?? ""}`);
    return [...figures.map(([name, value]) => `${name.padEnd(24)}${String(value)}`), ...advice].join("\n");
  });
}
