import type { App } from "../../shared/app";
import { drainMessage } from "../../shared/usecases/drain-message";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { apiToken } from "../support/api-token";
import { call, startFunctions, type TestReply } from "../support/function-app";
import { contactBody, seedSignature } from "../support/test-app";

/** The routes by which deliveries are replayed. */
const tokens = { a: "cwt_a", b: "cwt_b", reader: "cwt_reader" };
type Who = keyof typeof tokens;
const API_TOKENS = JSON.stringify([
  apiToken(tokens.a, "tenant-a", ["webhooks.read", "webhooks.write"]),
  apiToken(tokens.b, "tenant-b", ["webhooks.read", "webhooks.write"]),
  apiToken(tokens.reader, "tenant-a", ["webhooks.read"]),
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
async function deliver(id = "003") {
  const body = JSON.stringify(contactBody("created", id));
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

  it("is for those who may write, and for the delivery's own tenant", async () => {
    const { deliveryId } = await deliver();
    const params = { deliveryId };
    expect(await send("replay-delivery", { params, as: "reader" })).toMatchObject({ status: 403 });
    const others = await send("replay-delivery", { params, as: "b" });
    expect(others).toMatchObject({ status: 404, json: { code: "delivery_not_found" } });
  });
});
