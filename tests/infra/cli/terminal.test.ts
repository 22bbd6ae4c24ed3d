import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { projectRoot } from "../../support/gateway";

/** What a terminal obeys: it clears the screen, names the window, and goes back to overwrite. */
const evil = "\u001b[2J\u009b2J\u001b]0;x\u0007\r\u007f";

/** A gateway that answers with such text wherever a stranger's could be, names of fields included. */
const answer = {
  registrationId: evil,
  webhookSecret: evil,
  status: evil,
  reason: evil,
  setup: [evil],
  explanation: evil,
  recommendations: [evil],
  [`counts${evil}`]: { [evil]: evil },
  failureReasons: [{ reason: evil, detail: evil }],
  events: [evil],
  replays: [{ requestedBy: evil }],
  code: evil,
  title: evil,
  problems: [{ path: evil, message: evil }],
};
const page = { ...answer, webhooks: [answer], deliveries: [answer] };

let server: Server;
let status: number;
beforeAll(async () => {
  server = createServer((_request, response) => response.writeHead(status).end(JSON.stringify(page)));
  server.listen(0);
  await once(server, "listening");
});
afterAll(() => server.close());

async function run(...words: readonly string[]): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const script = join(projectRoot, "infra", "cli", "castiel-webhooks.cjs");
  const child = spawn("node", [script, ...words, "--url", `http://localhost:${port}`]);
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return out + error;
}

describe.each([
  [["register", "github"]],
  [["list"]],
  [["health", "webhook-1"]],
  [["deliveries"]],
  [["deliveries", "delivery-1"]],
])("castiel-webhooks %j", (words) => {
  it.each([200, 400])("prints nothing that a terminal obeys of an answer with %i", async (answered) => {
    status = answered;
    const printed = await run(...words);
    expect(printed).toContain("?[2J");
    expect(printed).toMatch(/^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f]*$/);
  });
});
