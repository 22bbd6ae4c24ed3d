/** What the gateway is held against, each in a process of its own: `node servers.mts bare|noop|octokit|bolt SECRET`. */
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

/** A function that does nothing, on the local host. */
function noop(): Server {
  const { createHttpServer } = require(join(dist, "infra/local/http-server.js"));
  const { createRouteTable } = require(join(dist, "infra/local/route-table.js"));
  const bindings = {
    trigger: { type: "httpTrigger", methods: ["POST"], route: "webhooks/{registrationId:minlength(7)}" },
  };
  const handler = async (request: { arrayBuffer(): Promise<ArrayBuffer> }) => {
    await request.arrayBuffer();
    return { body: "ok" };
  };
  const functions = [{ name: "noop", bindings, handler }];
  const hooks = { preInvocation: [], postInvocation: [], appStart: [], appTerminate: [], log: [] };
  return createHttpServer({
    registrations: { functions, hooks },
    routes: createRouteTable(functions, ""),
    maxBodyBytes: 26_214_400,
    log: () => undefined,
  });
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

const [, , kind = "bare", secret = "secret"] = process.argv;
const servers: Readonly<Record<string, () => Server | Promise<Server>>> = {
  bare,
  noop,
  octokit: () => octokit(secret),
  bolt: () => bolt(secret),
};
const server = await servers[kind]?.();
if (!server) throw new Error(`no such server: ${kind}`);
if (!server.listening) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = server.address();
console.log(JSON.stringify({ port: typeof address === "object" ? address?.port : undefined }));
