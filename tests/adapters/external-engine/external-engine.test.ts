import { createExternalEngine } from "../../../shared/adapters/external-engine/external-engine";
import { SigningSecret } from "../../../shared/adapters/external-engine/signing-secret";
import { createOutboundHttp } from "../../../shared/adapters/outbound/outbound-http";
import { isWebhookError, WebhookError } from "../../../shared/core/errors";
import type { EngineMessage, ExternalEngine } from "../../../shared/core/external-engine";
import { SyncDelay, SyncFailure } from "../../../shared/core/sync-task";
import { type EngineStandIn, startEngineStandIn } from "../../support/engine-stand-in";
import { noon } from "../../support/make";
import { StandIn } from "../../support/vendors/stand-in";

const secretOf = (fill: number): string => `whsec_${Buffer.alloc(32, fill).toString("base64")}`;
const [first, second] = [secretOf(1), secretOf(2)];
const message: EngineMessage = {
  specversion: "1.0",
  id: "abc#0",
  source: "/webhooks/webhook-1",
  type: "castiel.webhook.Contact.created",
  time: "2026-11-24T12:00:00.000Z",
  datacontenttype: "application/json",
  synctaskid: "task-1",
  data: { name: "Zoë" },
};

let now: number;
let stored: string | Error | undefined;
let reads: number;
let logged: unknown[];
let server: EngineStandIn;
beforeEach(async () => {
  now = noon;
  stored = undefined;
  reads = 0;
  logged = [];
  server = await startEngineStandIn(() => now, first);
});
afterEach(() => server.stop());

interface EngineOptions {
  /** `null`: the secret store has it. */
  readonly setting?: string | null;
  readonly maxBytes?: number;
}

function engineAt(url = server.url, { setting = first, maxBytes }: EngineOptions = {}): ExternalEngine {
  const policy = { hosts: ["engine.example.com"], allowLoopback: true };
  return createExternalEngine({
    url,
    outbound: createOutboundHttp({ policy, timeoutMs: 300, ...(maxBytes === undefined ? {} : { maxBytes }) }),
    secret: new SigningSecret({ setting: setting ?? undefined, secrets: { get: readStored }, now: () => now }),
    now: () => now,
    log: (...line) => void logged.push(line),
  });
}

/** A secret store that is far away: what it holds, or the error that it fails with. */
async function readStored(name: string): Promise<string | undefined> {
  expect(name).toBe("sync-task-service-secret");
  reads++;
  if (stored instanceof Error) throw stored;
  return stored;
}

/** What became of a message, in one word each. */
async function outcomeOf(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.catch((error: unknown) => {
    if (error instanceof SyncDelay) return ["delay", error.reason, error.at - noon];
    if (error instanceof SyncFailure) return [error.permanent ? "for good" : "failed", error.reason];
    return isWebhookError(error, "engine_unavailable") ? ["out", error.detail] : String(error);
  });
}

describe("what the engine is handed", () => {
  it("is the message as it is, in a POST that Standard Webhooks signs", async () => {
    expect(await engineAt(`${server.url}?code=key`).hand(message)).toEqual({});
    expect(server).toMatchObject({ refused: 0, handed: [{ id: "abc#0", timestamp: noon / 1000, message }] });
    expect(server.handed[0]).toMatchObject({
      path: "/tasks",
      query: { code: "key" },
      contentType: "application/cloudevents+json; charset=utf-8",
    });
  });

  it("has the same id and the same bytes at every attempt, and the time of the attempt", async () => {
    const engine = engineAt();
    await engine.hand(message);
    now += 3_600_999;
    await engine.hand(message);
    const [before, after] = server.handed;
    expect(after).toMatchObject({ id: before?.id, body: before?.body, timestamp: noon / 1000 + 3600 });
  });

  it("is signed with each of several secrets, so that the engine may know either", async () => {
    const engine = engineAt(server.url, { setting: `${second} ${first}` });
    await engine.hand(message);
    server.secrets = [second];
    await engine.hand(message);
    server.secrets = [secretOf(3)];
    expect(await outcomeOf(engine.hand(message))).toEqual(["out", "status_401"]);
    expect(server.handed).toHaveLength(2);
  });
});

describe("what the engine answers", () => {
  it.each([
    [
      { status: 200, json: { taskId: "run-7", change: "created" } },
      { taskId: "run-7", change: "created" },
    ],
    [{ status: 202, json: { taskId: "run-7" } }, { taskId: "run-7" }],
    [{ status: 201, json: { change: "unchanged", more: true } }, { change: "unchanged" }],
    [{ status: 200, json: { taskId: "Ada Lovelace <ada@example.com>", change: "eaten" } }, {}],
    [{ status: 200, json: { taskId: 7, change: "resync" } }, { taskId: "7" }],
    [{ status: 200, json: [] }, {}],
    [{ status: 200, html: "<p>Thanks" }, {}],
    [{ status: 204 }, {}],
  ])("with %j counts as taken", async (answer, receipt) => {
    server.interrupt(answer);
    expect(await engineAt().hand(message)).toEqual(receipt);
  });

  it.each([
    [429, "30", 30_000],
    [503, "120", 120_000],
    [503, new Date(noon + 90_000).toUTCString(), 90_000],
    [408, "5", 5_000],
    [500, "5", 5_000],
    [429, undefined, 60_000],
    [429, "0", 1_000],
    [503, "99999999", 86_400_000],
  ])("with %i and Retry-After %s asks for time", async (status, retryAfter, ms) => {
    server.interrupt({ status, headers: retryAfter === undefined ? {} : { "retry-after": retryAfter } });
    expect(await outcomeOf(engineAt().hand(message))).toEqual(["delay", "engine_busy", ms]);
  });

  it.each([400, 409, 413, 415, 422])("with %i is a failure for good", async (status) => {
    server.interrupt({ status });
    expect(await outcomeOf(engineAt().hand(message))).toEqual(["for good", `engine_answered_${status}`]);
  });

  it.each([500, 501])("with %i is a failure of this task, which may be repeated", async (status) => {
    server.interrupt({ status });
    expect(await outcomeOf(engineAt().hand(message))).toEqual(["failed", `engine_answered_${status}`]);
  });

  it.each([408, 502, 503, 504, 301, 307, 401, 403, 404, 405, 410])(
    "with %i concerns every task, and is an outage",
    async (status) => {
      server.interrupt({ status, headers: { location: server.url } });
      expect(await outcomeOf(engineAt().hand(message))).toEqual(["out", `status_${status}`]);
      expect(server.handed).toHaveLength(1);
      expect(logged).toEqual([["warn", "engine.unavailable", { taskId: "task-1", reason: `status_${status}` }]]);
    },
  );

  it("is not there: an outage, whether it says nothing, hangs up or does not listen", async () => {
    server.interrupt({ instead: "nothing" }, { instead: "hang_up" });
    expect(await outcomeOf(engineAt().hand(message))).toEqual(["out", "timeout"]);
    expect(await outcomeOf(engineAt().hand(message))).toEqual(["out", "unreachable"]);
    expect(await outcomeOf(engineAt("http://127.0.0.1:1/").hand(message))).toEqual(["out", "unreachable"]);
  });

  it("is too large: a failure that uses up attempts, because the work may be done", async () => {
    server.interrupt({ status: 200, json: "x".repeat(100) });
    const engine = engineAt(server.url, { maxBytes: 50 });
    expect(await outcomeOf(engine.hand(message))).toEqual(["failed", "engine_answer_too_large"]);
  });

  it("comes from a host that nobody allowed: nothing is sent", async () => {
    expect(await outcomeOf(engineAt("https://elsewhere.example.com/").hand(message))).toEqual([
      "out",
      "host_not_allowed",
    ]);
  });
});

describe("the secret of the secret store", () => {
  const engine = () => engineAt(server.url, { setting: null });

  it("signs where no setting does, and is read once a minute, by one for all", async () => {
    stored = first;
    const opened = engine();
    await Promise.all([opened.hand(message), opened.hand(message)]);
    now += 59_999;
    await opened.hand(message);
    expect(reads).toBe(1);
    now += 1;
    await opened.hand(message);
    expect([reads, server.handed.length, server.refused]).toEqual([2, 4, 0]);
  });

  it("is read again at once when the engine refuses what it signed", async () => {
    stored = second;
    const opened = engine();
    expect(await outcomeOf(opened.hand(message))).toEqual(["out", "status_401"]);
    stored = first;
    expect(await opened.hand(message)).toEqual({});
  });

  it("is missing or malformed: an outage that says so, and nothing is sent until it is mended", async () => {
    const opened = engine();
    expect(await outcomeOf(opened.hand(message))).toEqual(["out", "secret_missing"]);
    stored = "hunter2";
    expect(await outcomeOf(opened.hand(message))).toEqual(["out", "secret_malformed"]);
    stored = new WebhookError("secrets_unavailable", { detail: "timeout" });
    expect(await outcomeOf(opened.hand(message))).toContain("secrets_unavailable");
    stored = first;
    expect(await opened.hand(message)).toEqual({});
    expect(server).toMatchObject({ refused: 0 });
    expect(JSON.stringify(logged)).not.toContain("hunter2");
  });
});

it("is no secret that a stranger could use: another body, id or time does not go with a signature", async () => {
  const captured = await StandIn.start(() => ({ status: 204 }));
  await engineAt(captured.url).hand(message);
  await captured.stop();
  const [request] = captured.requests;
  const headers = Object.fromEntries(
    Object.entries(request?.headers ?? {}).filter(([name]) => name.startsWith("webhook")),
  );
  const replay = (change: object, body = request?.body ?? "") =>
    fetch(server.url, { method: "POST", headers: { ...headers, ...change } as Record<string, string>, body });
  expect((await replay({})).status).toBe(204);
  expect((await replay({}, request?.body.replace("Zoë", "Zoe"))).status).toBe(401);
  expect((await replay({ "webhook-id": "abc#1" })).status).toBe(401);
  expect((await replay({ "webhook-timestamp": String(noon / 1000 + 1) })).status).toBe(401);
  now += 301_000;
  expect((await replay({})).status).toBe(401);
});
