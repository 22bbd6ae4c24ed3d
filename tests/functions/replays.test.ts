import type { App } from "../../shared/app";
import { drainMessage } from "../../shared/usecases/drain-message";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { apiToken } from "../support/api-token";
import { call, startFunctions, type TestReply } from "../support/function-app";
import { SyncFailure } from "../../shared/core/sync-task";
import { contactBody, seedSignature } from "../support/test-app";

/** The routes by which deliveries are replayed. */
const tokens = { a: "cwt_a", b: "cwt_b", reader: "cwt_reader", operator: "cwt_operator" };
type Who = keyof typeof tokens;
const API_TOKENS = JSON.stringify([
  apiToken(tokens.a, "tenant-a", ["webhooks.read", "webhooks.write"]),
  apiToken(tokens.b, "tenant-b", ["webhooks.read", "webhooks.write"]),
  apiToken(tokens.reader, "tenant-a", ["webhooks.read"]),
  { ...apiToken(tokens.operator, "tenant-b", ["webhooks.read"]), operator: true },
]);

let app: App;
let webhook: NewRegistration;
beforeEach(async () => {
  app = await startFunctions({ API_TOKENS });
  const body = JSON.stringify({ connectionId: "conn-1", events: ["Contact.*"] });
  const reply = await send("register-webhook", { params: { integrationId: "salesforce" }, body });
  webhook = reply.json as NewRegistration;
});
afterEach(() => app.close());

interface Sent {
  readonly as?: Who;
  readonly method?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function send(name: string, { as = "a", method = "POST", ...request }: Sent = {}): Promise<TestReply> {
  return call(name, { method, headers: { authorization: `Bearer ${tokens[as]}` }, ...request });
}

/** Delivers a Contact and drains the queue; answers its line in the log. */
async function deliver(id = "003", fields: object = {}) {
  const body = JSON.stringify(contactBody("created", id, fields));
  const headers = { "x-salesforce-event-signature": seedSignature(webhook, body) };
  await call("receive-webhook", { method: "POST", params: { registrationId: webhook.registrationId }, headers, body });
  await drain();
  const { json } = await send("list-deliveries", { method: "GET", query: { entityId: id } });
  return json.deliveries[0] as { readonly deliveryId: string };
}

async function drain(): Promise<void> {
  const queue = app.lockingQueue;
  for (const message of (await queue?.receive(100, 60_000)) ?? []) {
    await drainMessage(app.services, JSON.parse(message.body));
    await queue?.complete(message.lockToken);
  }
}

describe("POST /deliveries/{deliveryId}/replay", () => {
  it("answers 202, and the delivery tells what became of it and who asked", async () => {
    const { deliveryId } = await deliver();
    const reply = await send("replay-delivery", { params: { deliveryId } });
    expect(reply).toMatchObject({
      status: 202,
      json: { deliveryId, replayId: expect.stringMatching(/^[0-9a-f]{32}$/), requestedAt: expect.any(String) },
    });
    await drain();
    const { json } = await send("get-delivery", { method: "GET", params: { deliveryId }, as: "reader" });
    const { replayId } = reply.json;
    expect(json.replays).toMatchObject([
      { replayId, outcome: "synchronised", requestedBy: expect.stringMatching(/^token:[0-9a-f]{12}$/) },
    ]);
  });

  it("stands in the audit log, with the name of the replay", async () => {
    const { deliveryId } = await deliver();
    const { replayId } = (await send("replay-delivery", { params: { deliveryId } })).json;
    const { json } = await send("list-audit", { method: "GET" });
    const resource = `/deliveries/${deliveryId}`;
    expect(json.entries[0]).toMatchObject({ action: "replay-delivery", resource, after: { replayId } });
  });

  it("is for those who may write, and for the delivery's own tenant", async () => {
    const { deliveryId } = await deliver();
    const params = { deliveryId };
    expect(await send("replay-delivery", { params, as: "reader" })).toMatchObject({ status: 403 });
    const others = await send("replay-delivery", { params, as: "b" });
    expect(others).toMatchObject({ status: 404, json: { code: "delivery_not_found" } });
  });
});

/** Delivers a Contact that is given up at once. */
async function deliverDead(id = "003") {
  const gaveUp = new SyncFailure("mapping_missing", { permanent: true });
  jest.spyOn(app.services.sync, "enqueueSyncTask").mockRejectedValueOnce(gaveUp);
  return deliver(id);
}

const listDead = (as: Who, query = {}) => send("list-dead-letters", { method: "GET", as, query });

describe("GET /dead-letters", () => {
  it("lists the tenant's events that were given up, with the reason, newest first, page by page", async () => {
    await deliver("001");
    const ids = [await deliverDead("002"), await deliverDead("003")].map(({ deliveryId }) => deliveryId);
    const { json } = await listDead("reader");
    const dead = { outcome: "dead", reason: "mapping_missing", replayable: true };
    expect(json.deadLetters).toMatchObject(ids.toReversed().map((deliveryId) => ({ ...dead, deliveryId })));
    expect(json).not.toHaveProperty("queue");
    const first = await listDead("reader", { limit: "1" });
    const second = await listDead("reader", { limit: "1", cursor: first.json.nextCursor as string });
    expect([first.json.deadLetters, second.json.deadLetters]).toMatchObject(
      ids.toReversed().map((deliveryId) => [{ deliveryId }]),
    );
    expect((await listDead("reader", { entityId: "002" })).json.deadLetters).toHaveLength(1);
  });

  it("shows nothing of another tenant", async () => {
    await deliverDead();
    expect((await listDead("b")).json).toEqual({ deadLetters: [] });
  });

  it("shows an operator what the queue gave up itself, and nothing of what stood in it", async () => {
    const body = { source: "/elsewhere", type: "castiel.other", data: { name: "Ada" } };
    await app.services.queue.send([{ messageId: "m-1", body }]);
    for (let delivery = 0; delivery < 10; delivery++) {
      const [message] = (await app.lockingQueue?.receive(1, 60_000)) ?? [];
      await app.lockingQueue?.abandon(message?.lockToken ?? "", "Error: message_unreadable");
    }
    const { queue } = (await listDead("operator")).json;
    expect(queue).toEqual([
      {
        messageId: "m-1",
        reason: "Error: message_unreadable",
        deliveryCount: 10,
        deadLetteredAt: expect.any(String),
        type: "castiel.other",
        source: "/elsewhere",
      },
    ]);
    expect((await listDead("a")).json).not.toHaveProperty("queue");
  });
});

describe("POST /deliveries/{deliveryId}/discard", () => {
  it("lets go of the event: it is no dead letter any more and cannot be replayed", async () => {
    const { deliveryId } = await deliverDead();
    const reply = await send("discard-delivery", { params: { deliveryId } });
    expect(reply).toMatchObject({ status: 200, json: { deliveryId, outcome: "discarded", reason: "mapping_missing" } });
    expect(reply.json).not.toHaveProperty("event");
    expect((await listDead("a")).json).toEqual({ deadLetters: [] });
    expect(await send("replay-delivery", { params: { deliveryId } })).toMatchObject({
      status: 409,
      json: { code: "delivery_not_kept" },
    });
    expect(await send("discard-delivery", { params: { deliveryId } })).toMatchObject({ status: 200 });
  });

  it("deletes the payload of an event that did not fit its message", async () => {
    const gaveUp = new SyncFailure("mapping_missing", { permanent: true });
    jest.spyOn(app.services.sync, "enqueueSyncTask").mockRejectedValueOnce(gaveUp);
    const deleted = jest.spyOn(app.services.payloads, "delete");
    const { deliveryId } = await deliver("003", { Notes: "x".repeat(300_000) });
    await send("discard-delivery", { params: { deliveryId } });
    const [dataref = ""] = deleted.mock.calls[0] ?? [];
    expect(dataref).toMatch(/^[0-9a-f]{64}$/);
    expect(await app.services.payloads.get(dataref)).toBeUndefined();
  });

  it("is for what was given up, for those who may write, and for the delivery's own tenant", async () => {
    const { deliveryId } = await deliver("001");
    const refused = await send("discard-delivery", { params: { deliveryId } });
    expect(refused).toMatchObject({ status: 409, json: { code: "delivery_not_dead" } });
    const params = { deliveryId: (await deliverDead()).deliveryId };
    expect(await send("discard-delivery", { params, as: "reader" })).toMatchObject({ status: 403 });
    expect(await send("discard-delivery", { params, as: "b" })).toMatchObject({ status: 404 });
    expect((await listDead("a")).json.deadLetters).toHaveLength(1);
  });

  it("stands in the audit log with the outcome before and after", async () => {
    const { deliveryId } = await deliverDead();
    await send("discard-delivery", { params: { deliveryId } });
    const { json } = await send("list-audit", { method: "GET" });
    expect(json.entries[0]).toMatchObject({
      action: "discard-delivery",
      resource: `/deliveries/${deliveryId}`,
      before: { outcome: "dead" },
      after: { outcome: "discarded" },
    });
  });
});

describe("the routes of replays", () => {
  const plan = (body: object = {}, as: Who = "a") => send("plan-replay", { body: JSON.stringify(body), as });
  const run = (replayId: string, body: object = {}, as: Who = "a") =>
    send("run-replay", { params: { replayId }, body: JSON.stringify(body), as });

  it("plan with 201, run with 202, show and list the progress", async () => {
    await deliverDead("002");
    await deliver("003");
    const planned = await plan({ outcome: "dead", since: "2026-01-01T00:00:00Z" });
    expect(planned).toMatchObject({
      status: 201,
      json: {
        status: "planned",
        filter: { outcome: "dead" },
        matched: 1,
        replayable: 1,
        notReplayable: {},
        sample: [{ entityId: "002" }],
      },
    });
    expect(planned.json).not.toHaveProperty("pages");
    const replayId = planned.json.replayId as string;
    expect(await run(replayId, { ratePerSecond: 10 })).toMatchObject({
      status: 202,
      json: { replayId, status: "running", ratePerSecond: 10, startedBy: expect.stringMatching(/^token:/) },
    });
    await drain();
    const { json } = await send("get-replay", { method: "GET", params: { replayId }, as: "reader" });
    expect(json).toMatchObject({ status: "completed", queued: 1, skipped: {} });
    const listed = await send("list-replays", { method: "GET", as: "reader" });
    expect(listed.json.replays).toMatchObject([{ replayId, status: "completed" }]);
    const ended = await send("cancel-replay", { params: { replayId } });
    expect(ended).toMatchObject({ status: 409, json: { code: "replay_ended" } });
  });

  it("take a search as the log takes it, and say all that is wrong with it", async () => {
    const wrong = await plan({ outcome: "lost", since: "yesterday", tenantId: "tenant-b", limit: 5 });
    expect(wrong).toMatchObject({ status: 400, json: { code: "invalid_request" } });
    const paths = wrong.json.problems.map(({ path }: { path: string }) => path);
    expect(new Set(paths)).toEqual(new Set(["/outcome", "/since", "/tenantId", "/limit"]));
    const { replayId } = (await plan()).json as { replayId: string };
    expect(await run(replayId, { ratePerSecond: 0 })).toMatchObject({ status: 400 });
    expect(await run("replay-1")).toMatchObject({ status: 400 });
  });

  it("are for those who may write, and for the replay's own tenant", async () => {
    expect(await plan({}, "reader")).toMatchObject({ status: 403 });
    const { replayId } = (await plan()).json as { replayId: string };
    const params = { replayId };
    expect(await run(replayId, {}, "reader")).toMatchObject({ status: 403 });
    expect(await send("cancel-replay", { params, as: "reader" })).toMatchObject({ status: 403 });
    const unknown = { status: 404, json: { code: "replay_not_found" } };
    expect(await run(replayId, {}, "b")).toMatchObject(unknown);
    expect(await send("cancel-replay", { params, as: "b" })).toMatchObject(unknown);
    expect(await send("get-replay", { method: "GET", params, as: "b" })).toMatchObject(unknown);
    expect((await send("list-replays", { method: "GET", as: "b" })).json).toEqual({ replays: [] });
    expect((await plan({}, "b")).json).toMatchObject({ matched: 0 });
    expect(await send("cancel-replay", { params })).toMatchObject({ status: 200, json: { status: "cancelled" } });
  });

  it("stand in the audit log", async () => {
    const { replayId } = (await plan({ outcome: "dead" })).json as { replayId: string };
    await run(replayId);
    const { json } = await send("list-audit", { method: "GET" });
    expect(json.entries).toMatchObject([
      { action: "run-replay", resource: `/replays/${replayId}`, after: { status: "running" } },
      { action: "plan-replay", resource: `/replays/${replayId}` },
      { action: "register-webhook" },
    ]);
  });
});
