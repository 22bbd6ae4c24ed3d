/**
 * What the gateway is held against, and the account that it reads from, each in a process of its own:
 * `node servers.mts bare|noop|octokit|bolt|salesforce SECRET`.
 */
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const dist = join(import.meta.dirname, "..", "..", "dist");

/** Reads the body and answers 200: the ceiling. */
function bare(): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      Buffer.concat(chunks);
      response.writeHead(200, { "content-length": "2" }).end("ok");
    });
  });
}

/** A function that does nothing, on the local host; answers its port. */
function noop(): Promise<number> {
  const { HttpServer } = require(join(dist, "infra/local/http-server.js"));
  const { RouteTable } = require(join(dist, "infra/local/route-table.js"));
  const { Invoker, toInvocable } = require(join(dist, "infra/local/invoke.js"));
  const handler = async (request: { arrayBuffer(): Promise<ArrayBuffer> }) => {
    await request.arrayBuffer();
    return { body: "ok" };
  };
  const log = () => undefined;
  const bindings = { trigger: { type: "httpTrigger", direction: "in" } };
  const target = toInvocable({ name: "noop", bindings, handler });
  const template = "webhooks/{registrationId:minlength(7)}";
  const router = new RouteTable([{ functionName: "noop", methods: ["POST"], template, target }]);
  const invoker = new Invoker({ functions: [], hostJson: {}, hookData: {}, appRoot: "" }, log);
  const timeouts = { headersTimeoutMs: 10_000, requestTimeoutMs: 60_000 };
  const limits = { maxBodyBytes: 26_214_400, maxBufferedBytes: 268_435_456, ...timeouts };
  return new HttpServer({ router, invoker, log, limits }).listen(0, "127.0.0.1");
}

/** Octokit's own middleware: verifies and dispatches, and stores nothing. */
async function octokit(secret: string): Promise<Server> {
  const { Webhooks, createNodeMiddleware } = await import("@octokit/webhooks");
  const webhooks = new Webhooks({ secret });
  webhooks.on("issues", () => undefined);
  return createServer(createNodeMiddleware(webhooks, { path: "/hook" }));
}

/** Bolt's HTTP receiver: verifies and dispatches, and stores nothing. */
async function bolt(secret: string): Promise<Server> {
  const { App, HTTPReceiver, LogLevel } = (await import("@slack/bolt")).default;
  const receiver = new HTTPReceiver({ signingSecret: secret, endpoints: "/hook", logLevel: LogLevel.ERROR });
  const authorize = async () => ({ botToken: "", botId: "B1", botUserId: "U1" });
  const app = new App({ receiver, authorize, logLevel: LogLevel.ERROR });
  app.message(async () => undefined);
  return app.start(0);
}

/** Every Contact there may be, each answered after the given milliseconds: Salesforce's REST API as far as one is read. */
function salesforce(latencyMs: number): Server {
  const changedAt = new Date().toISOString();
  return createServer((request, response) => {
    const Id = request.url?.split("/").pop()?.split("?")[0] ?? "";
    const contact = { Id, IsDeleted: false, SystemModstamp: changedAt, LastName: `Contact ${Id}` };
    const body = JSON.stringify({ ...contact, Email: `${Id}@example.com`, Phone: "+1 555 0100", Title: "Engineer" });
    request.resume();
    setTimeout(() => response.writeHead(200, { "content-type": "application/json" }).end(body), latencyMs);
  });
}

const [, , kind = "bare", secret = "secret"] = process.argv;
const servers: Readonly<Record<string, () => Server | Promise<Server | number>>> = {
  bare,
  noop,
  octokit: () => octokit(secret),
  bolt: () => bolt(secret),
  salesforce: () => salesforce(Number(secret)),
};
const server = await servers[kind]?.();
if (server === undefined) throw new Error(`no such server: ${kind}`);
console.log(JSON.stringify({ port: typeof server === "number" ? server : await portOf(server) }));

async function portOf(listener: Server): Promise<number | undefined> {
  if (!listener.listening) await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  return typeof address === "object" ? address?.port : undefined;
}
