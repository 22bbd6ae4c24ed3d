import type { App } from "../../shared/app";
import { drainMessage } from "../../shared/usecases/drain-message";
import { lineIdOf } from "../../shared/repositories/delivery-lines";
import {
  ask,
  deliverSlack,
  map,
  queued,
  recordsOf,
  registerShared,
  registerTarget,
  slackBody,
  slackBodyOf,
  startShared,
} from "../support/shared-webhooks";

/** Kept bodies over HTTP, and those of webhooks that are shared. */
let app: App;
beforeEach(async () => {
  app = await startShared();
});
afterEach(() => app.close());

/** Handles what waits in the queue. */
async function drain(): Promise<void> {
  for (const message of (await app.lockingQueue?.receive(32, 60_000)) ?? []) {
    await drainMessage(app.services, JSON.parse(message.body));
    await app.lockingQueue?.complete(message.lockToken);
  }
}

async function onlyLine(registrationId: string): Promise<string> {
  const [record, ...others] = await recordsOf(app, "operator", registrationId);
  if (record === undefined || others.length > 0) throw new Error(`there are ${others.length} others`);
  return lineIdOf(record);
}

describe("a shared webhook that keeps bodies", () => {
  it("has what was for nobody replayed to the webhook that the account leads to by now", async () => {
    const shared = await registerShared("slack", { keepBodies: true });
    const { registrationId } = await registerTarget("a", { keepBodies: true });
    await deliverSlack(shared, slackBodyOf("T1", { text: "Lost" }));
    const params = { deliveryId: await onlyLine(shared) };
    const refused = await ask("replay-delivery", { params, json: {} });
    expect(refused).toMatchObject({ status: 409, json: { code: "nothing_to_replay" } });
    await map(shared, "T1", registrationId);
    const reply = await ask("replay-delivery", { params, json: {} });
    expect(reply).toMatchObject({ status: 202, json: { deliveries: [] } });
    const messages = await queued(app);
    expect(messages).toMatchObject([
      { source: `/webhooks/${registrationId}`, replayid: reply.json.replayId, data: { tenantId: "tenant-a" } },
    ]);
    // The bytes stay the operator's, and the event's line is the tenant's.
    expect(JSON.stringify(messages)).not.toContain("keptAs");
  });
});

describe("the replay at a shared webhook", () => {
  it("leaves alone what another tenant has had, and tells it nothing of who asks", async () => {
    const shared = await registerShared("slack", { keepBodies: true });
    const [a, b] = [await registerTarget("a"), await registerTarget("b")];
    await map(shared, "T1", a.registrationId);
    const both = [{ team_id: "T1" }, { team_id: "T2" }].map((of) => ({ enterprise_id: null, is_bot: true, ...of }));
    await deliverSlack(shared, slackBody({ team_id: "T1", authorizations: both }));
    await drain();
    const line = await onlyLine(shared);
    const [had] = (await ask("list-deliveries", { as: "a" })).json.deliveries as { deliveryId: string }[];
    await map(shared, "T2", b.registrationId);
    expect(await ask("replay-delivery", { params: { deliveryId: line }, json: {} })).toMatchObject({ status: 202 });
    await drain();
    const details = await ask("get-delivery", { as: "a", params: { deliveryId: had?.deliveryId ?? "" } });
    expect(details.json).toMatchObject({ outcome: "synchronised" });
    expect(details.json).not.toHaveProperty("replays");
    const [got] = (await ask("list-deliveries", { as: "b" })).json.deliveries as { deliveryId: string }[];
    const theirs = await ask("get-delivery", { as: "b", params: { deliveryId: got?.deliveryId ?? "" } });
    expect(theirs.json).toMatchObject({ outcome: "synchronised", replays: [{ requestedBy: "operator" }] });
  });
});

describe("a webhook that a shared one leads to", () => {
  it("keeps nothing of what came there, which another secret signed, and says of none of it that it can be replayed", async () => {
    const shared = await registerShared("slack");
    const { registrationId } = await registerTarget("a", { keepBodies: true, events: ["user.*"] });
    await map(shared, "T1", registrationId);
    await deliverSlack(shared, slackBodyOf("T1", { text: "Hello" }));
    await app.services.requestKeeper.flush();
    const [record] = await recordsOf(app, "a", registrationId);
    const params = { deliveryId: record === undefined ? "" : lineIdOf(record) };
    const { json } = await ask("get-delivery", { as: "a", params });
    expect(json).toMatchObject({ verdict: "ignored" });
    expect(json).not.toHaveProperty("replayable");
    expect(json).not.toHaveProperty("body");
  });
});

describe("GET /deliveries/{deliveryId} of a kept delivery", () => {
  it("shows the body to the tenant's readers, and to nobody else", async () => {
    const { registrationId, webhookSecret } = await registerTarget("a", { keepBodies: true, events: ["user.*"] });
    await deliverSlack(registrationId, slackBodyOf("T1", { text: "Hello" }), { secret: webhookSecret });
    await app.services.requestKeeper.flush();
    const [record] = await recordsOf(app, "a", registrationId);
    const params = { deliveryId: record === undefined ? "" : lineIdOf(record) };
    const { status, json } = await ask("get-delivery", { as: "a", params });
    expect([status, json.verdict, json.body]).toEqual([200, "ignored", expect.stringContaining('"text":"Hello"')]);
    expect(await ask("get-delivery", { as: "b", params })).toMatchObject({ status: 404 });
    expect(await ask("get-delivery", { as: "operator", params })).toMatchObject({ status: 404 });
  });

  it("is what the webhook says that it keeps, and the audit log who wanted it", async () => {
    const { registrationId } = await registerTarget("a");
    const params = { registrationId };
    const both = await ask("update-webhook", { as: "a", params, json: { keepBodies: true, redact: ["text"] } });
    expect(both).toMatchObject({ status: 400, json: { problems: [{ path: "/keepBodies" }] } });
    await ask("update-webhook", { as: "a", params, json: { keepBodies: true } });
    expect((await ask("get-webhook", { as: "a", params })).json).toMatchObject({ keepBodies: true });
    const { json } = await ask("list-audit", { as: "a" });
    expect(json.entries).toContainEqual(
      expect.objectContaining({ after: expect.objectContaining({ keepBodies: true }) as object }),
    );
    await ask("update-webhook", { as: "a", params, json: { keepBodies: false } });
    expect((await ask("get-webhook", { as: "a", params })).json).not.toHaveProperty("keepBodies");
  });
});
