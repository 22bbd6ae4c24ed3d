import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { eventually, type Gateway, projectRoot, startGateway } from "../../support/gateway";

const script = join(projectRoot, "infra", "cli", "castiel-webhooks.cjs");
const env = { ...process.env, CASTIEL_URL: undefined, API_TOKEN: undefined };

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ CASTIEL_MODE: "embedded" });
}, 30_000);
afterAll(() => gateway.stop());

interface Run {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

function run(...words: readonly string[]): Run {
  const { status, stdout, stderr } = spawnSync("node", [script, ...words], { encoding: "utf8", env });
  return { status, out: stdout, error: stderr };
}

function at(...words: readonly string[]): Run {
  return run(...words, "--url", gateway.url);
}

/** JSON of any shape: tests look into it. */
function json(...words: readonly string[]): ReturnType<typeof JSON.parse> {
  return JSON.parse(at(...words, "--json").out);
}

function register(...more: readonly string[]): { readonly registrationId: string; readonly webhookSecret: string } {
  return json("register", "salesforce", "--connection", "conn-123", "--events", "Contact.created, Account.*", ...more);
}

/** Signs a sample and delivers it, by the same command line. */
function deliver(webhook: ReturnType<typeof register>, ...more: readonly string[]): Run {
  const { registrationId, webhookSecret } = webhook;
  const to = ["--provider", "salesforce", "--to", gateway.url, "--registration", registrationId];
  return run("send", ...to, "--secret", webhookSecret, ...more);
}

/** A webhook with one delivery, which was synchronised. */
async function registerAndDeliver(): Promise<ReturnType<typeof register>> {
  const webhook = register();
  expect(deliver(webhook).status).toBe(0);
  await eventually(
    () =>
      Promise.resolve(json("deliveries", webhook.registrationId, "--outcome", "synchronised").deliveries as object[]),
    (lines) => lines.length === 1,
  );
  return webhook;
}

describe("npx castiel-webhooks", () => {
  it("registers a webhook, and shows what to do next", () => {
    const { status, out } = at("register", "salesforce", "--connection", "conn-123", "--events", "*");
    expect(status).toBe(0);
    expect(out).toMatch(/^registrationId {2}webhook-\S+\nwebhookUrl {6}http\S+\nwebhookSecret {3}whsec_\S+ {2}\(shown/);
    expect(out).toMatch(/^1\. .+/m);
  });

  it("lists webhooks as a table, or as JSON", () => {
    const { registrationId } = register();
    const { out } = at("list", "--integration", "salesforce");
    const [head = "", ...rows] = out.trimEnd().split("\n");
    expect(head).toMatch(/^WEBHOOK +INTEGRATION +CONNECTION +STATUS +HEALTH +EVENTS$/);
    const row = rows.find((line) => line.startsWith(registrationId)) ?? "";
    expect(row.indexOf("salesforce")).toBe(head.indexOf("INTEGRATION"));
    expect(row).toMatch(/active +healthy +Contact\.created,Account\.\*$/);
    expect(json("list").webhooks).toContainEqual(expect.objectContaining({ registrationId }));
    expect(json("list", "--integration", "github")).toEqual({ webhooks: [] });
  });

  it("sends, searches the log, and shows one delivery", async () => {
    const webhook = register("--keep-bodies");
    expect(deliver(webhook).status).toBe(0);
    expect(deliver(webhook, "--tamper").status).toBe(0);
    const { registrationId } = webhook;
    const found = await eventually(
      () => Promise.resolve(json("deliveries", registrationId).deliveries as { verdict: string; deliveryId: string }[]),
      (lines) => lines.length === 2,
    );
    expect(found.map(({ verdict }) => verdict).sort()).toEqual(["accepted", "refused"]);
    const { out } = at("deliveries", registrationId, "--verdict", "refused", "--since", "1h");
    expect(out).toMatch(/^RECEIVED +VERDICT.+\n\S+Z +refused +- +.+body_\w+ +delivery-\S+\n$/);
    const refused = found.find(({ verdict }) => verdict === "refused")?.deliveryId ?? "";
    const one = json("deliveries", refused);
    expect(one).toMatchObject({ deliveryId: refused, request: { headers: {} }, bodyEncoding: "utf-8" });
    const told = at("deliveries", refused).out;
    expect(told).toMatch(/^verdict +refused\nreason +body_\w+$/m);
    expect(told).toContain(`\n${one.explanation}\n`);
    expect(told).not.toContain("headers");
  });

  it("shows the health of a webhook and of the service", () => {
    const { registrationId } = register();
    const { out } = at("health", registrationId);
    expect(out).toMatch(/^status +healthy$/m);
    expect(out).toMatch(/^counts\.accepted +0$/m);
    expect(out).toMatch(/^secret\.since +\S+Z$/m);
    const service = at("health").out;
    expect(service).toMatch(/^failedRegistrationsCount +\d+$/m);
    expect(service).toMatch(/^queue\.deadLettered +0$/m);
    expect(json("health", registrationId)).toMatchObject({ registrationId, failureRate: 0 });
  });

  it("plans a replay of what a search finds, shows it, and cancels it", async () => {
    const webhook = await registerAndDeliver();
    const { out } = at("replay", webhook.registrationId, "--outcome", "synchronised", "--since", "1h");
    expect(out).toMatch(/^filter\.outcome +synchronised$/m);
    expect(out).toMatch(/^matched +1\nreplayable +1$/m);
    expect(out).toMatch(/^It begins with\nRECEIVED.+\n\S+Z +accepted +synchronised /m);
    const [, replayId = ""] = /^replayId +(\S+)$/m.exec(out) ?? [];
    expect(at("replay", replayId, "--cancel").out).toMatch(/^status +cancelled$/m);
    expect(json("replay", replayId)).toMatchObject({ replayId, status: "cancelled", queued: 0 });
    const again = at("replay", replayId, "--run");
    expect([again.status, again.error]).toEqual([1, expect.stringMatching(/^409 replay_ended/)]);
  });

  it("runs a replay of what a search finds, and finds what it was of", async () => {
    const { registrationId } = await registerAndDeliver();
    const { replayId, ...run } = json("replay", registrationId, "--until", "0s", "--run", "--rate", "20");
    expect(run).toMatchObject({ status: "completed", ratePerSecond: 20, queued: 1 });
    const [replayed] = await eventually(
      () => Promise.resolve(json("deliveries", "--replay", replayId).deliveries as { deliveryId: string }[]),
      (lines) => lines.length === 1,
    );
    const id = replayed?.deliveryId ?? "";
    expect(json("deliveries", id)).toMatchObject({ registrationId, replayId, outcome: "synchronised" });
    expect(at("replay", id).out).toBe(`queued again: ${id}\n`);
  });

  it("shows deliveries as they come, until it is stopped", async () => {
    const webhook = register();
    const child: ChildProcess = spawn("node", [script, "tail", "--interval", "1", "--url", gateway.url], { env });
    const lines: string[] = [];
    if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await eventually(
      () => (deliver(webhook), Promise.resolve(lines)),
      (seen) => seen.some((line) => line.includes("synchronised")),
    );
    child.kill("SIGINT");
    await ended;
    expect(lines[0]).toMatch(/Z +accepted/);
  }, 60_000);

  it("goes on when the gateway is out for a while, and says so once it has begun", async () => {
    const replies: [number, object][] = [
      [200, { deliveries: [] }],
      [503, { code: "store_unavailable" }],
    ];
    const server = createServer((_request, response) => {
      const [status, body] = replies.shift() ?? [200, { deliveries: [{ deliveryId: "delivery-1" }] }];
      response.writeHead(status).end(JSON.stringify(body));
    });
    server.listen(0);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const child = spawn("node", [script, "tail", "--interval", "1", "--url", `http://localhost:${port}`], { env });
    const said: string[] = [];
    createInterface({ input: child.stderr }).on("line", (text) => said.push(text));
    const [shown] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    child.kill("SIGINT");
    await once(child, "exit");
    server.close();
    expect([shown, said]).toEqual([expect.stringContaining("delivery-1"), ["503 store_unavailable"]]);
  }, 60_000);

  it("says what the gateway refuses, with its code and each problem, and ends with 1", () => {
    const wrong = at("register", "salesforce", "--connection", "c", "--events", "a b");
    expect(wrong.status).toBe(1);
    expect(wrong.error).toMatch(/^400 invalid_request: .+\n {2}\/events\/0 .+\n$/);
    expect(at("health", "webhook-unknown")).toMatchObject({
      status: 1,
      error: expect.stringMatching(/^404 /) as string,
    });
    expect(at("list", "--token", "nonsense").error).toMatch(/^401 unauthenticated: /);
    expect(run("list", "--url", "http://localhost:1").error).toBe("no answer from http://localhost:1\n");
  });

  it.each([
    [["bogus"], "there is no command bogus"],
    [["list", "--bogus"], "--bogus"],
    [["list", "--since", "2h"], "--since does not belong to: list"],
    [["list", "salesforce"], "salesforce does not belong to: list"],
    [["health", "webhook-1", "webhook-2"], "webhook-2 does not belong to: health"],
    [["deliveries", "--webhook", "nonsense"], "--webhook"],
    [["deliveries", "delivery-1", "--verdict", "refused"], "--verdict does not belong to: deliveries <delivery>"],
    [["replay", "delivery-1", "--interval", "2"], "--interval does not belong to: replay <delivery>"],
    [["register"], "which integration?"],
    [["register", "github", "--target", "[]"], "--target is to be a JSON object"],
    [["deliveries", "--since", "soon"], "--since: soon"],
    [["deliveries", "--limit", "0"], "--limit"],
    [["deliveries", "--limit", "1.5"], "--limit"],
    [["tail", "--interval", "0"], "--interval"],
    [["deliveries", "--until", "5"], "--until: 5"],
    [["replay"], "which delivery?"],
    [["replay", "--run"], "which delivery?"],
    [["replay", "delivery-1", "--run"], "--run does not belong to: replay <delivery>"],
    [["replay", "replay-1", "--outcome", "dead"], "--outcome does not belong to: replay <replay>"],
    [["replay", "replay-1", "--run", "--cancel"], "--run or --cancel?"],
    [["replay", "--since", "2h", "--rate", "5"], "--rate is of --run"],
    [["replay", "--since", "2h", "--run", "--rate", "0"], "--rate"],
    [["list", "--url", "http://hooks.example.com"], "plain http"],
    [["list", "--url", "https://hooks.example.com"], "--token"],
    [["list", "--url", "nonsense"], "no URL"],
  ])("refuses %j, says why, and ends with 2", (words, message) => {
    const { status, error } = words.includes("--url") ? run(...words) : at(...words);
    expect([status, error]).toEqual([2, expect.stringContaining(message)]);
  });

  it("explains itself", () => {
    for (const words of [[], ["help"], ["--help"]]) {
      expect(run(...words)).toMatchObject({ status: 0, out: expect.stringContaining("tail [WEBHOOK]") as string });
    }
  });
});
