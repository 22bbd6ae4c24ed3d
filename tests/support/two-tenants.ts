import type { App } from "../../shared/app";
import { SyncFailure } from "../../shared/core/sync-task";
import { drainMessage } from "../../shared/usecases/drain-message";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import { apiToken } from "./api-token";
import { call, startFunctions, type TestReply } from "./function-app";
import { noon } from "./make";
import { contactBody, seedSignature } from "./test-app";

/** Two tenants, of whom one has something of everything, and an operator of the first. */
const tenants = { ours: "tenant-ours", theirs: "tenant-theirs", operator: "tenant-ours" } as const;
export type Who = keyof typeof tenants;

const both = ["webhooks.read", "webhooks.write"];
const API_TOKENS = JSON.stringify([
  apiToken("cwt_ours", tenants.ours, both),
  apiToken("cwt_theirs", tenants.theirs, both),
  apiToken("cwt_operator", tenants.operator, [...both, "metrics.read"], true),
]);

/** What a request to a function is made of; the method is the function's own. */
export interface Question {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: object;
}

/** Asks a function of the management API. */
export function ask(who: Who, name: string, method: string, { json, ...request }: Question = {}): Promise<TestReply> {
  return call(name, {
    method,
    headers: { authorization: `Bearer cwt_${who}` },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...request,
  });
}

/** Names and ids of what the first tenant has. */
export interface Ours {
  readonly tenantId: string;
  readonly registrationId: string;
  /** A shared webhook, an account of it, and the webhook that this is mapped to. */
  readonly sharedId: string;
  readonly accountId: string;
  readonly targetId: string;
  readonly connectionId: string;
  readonly channelId: string;
  /** Deliveries: handled, given up, refused. */
  readonly deliveryId: string;
  readonly deadId: string;
  readonly refusedId: string;
  /** Shards: one with a duplicate, the duplicate, one that is deleted, one that has a conflict. */
  readonly shardId: string;
  readonly duplicateId: string;
  readonly deletedId: string;
  readonly changedId: string;
  readonly conflictId: string;
  readonly taskId: string;
  readonly replayId: string;
  readonly repairId: string;
  /** Stands in the fields of records, in labels and in notes. */
  readonly mark: string;
}

const mark = "Ada of ours";
const mapping = {
  shardTypeId: "person",
  direction: "inbound",
  fields: { name: { from: "Name" }, email: { from: "Email" } },
  deduplicate: { rules: [{ match: "exact", fields: ["email"] }], merge: "merge_fields" },
  conflicts: { strategy: "manual" },
};

/** An app, and the first tenant in it with all that a tenant can have. Its clock stands still once that is there. */
export async function startTwoTenants(): Promise<{ readonly app: App; readonly ours: Ours }> {
  let time = noon;
  const app = await startFunctions({ API_TOKENS, COALESCE_WINDOW_MS: "0" }, () => time);
  return { app, ours: await new Maker(app, () => (time += 1000)).make() };
}

/** Does what is on the queue. */
export async function drain({ lockingQueue, services }: App): Promise<void> {
  for (const message of (await lockingQueue?.receive(100, 60_000)) ?? []) {
    await drainMessage(services, JSON.parse(message.body));
    await lockingQueue?.complete(message.lockToken);
  }
}

interface NewWebhook {
  readonly registrationId: string;
  readonly webhookSecret: string;
}

class Maker {
  readonly #app: App;
  readonly #tick: () => void;
  #webhook: NewWebhook = { registrationId: "", webhookSecret: "" };

  constructor(app: App, tick: () => void) {
    this.#app = app;
    this.#tick = tick;
  }

  async make(): Promise<Ours> {
    const named = await this.#setUp();
    const registrationId = this.#webhook.registrationId;
    const shards = await this.#synchronise();
    const deliveries = await this.#fail();
    const { repairId } = await this.#do("start-repair", "POST", { params: { registrationId }, json: {} });
    const { replayId } = await this.#do("plan-replay", "POST", { json: { outcome: "dead" } });
    await this.#do("set-rate-limit", "PUT", { params: { integrationId: "github" }, json: { requestsPerMinute: 7 } });
    await this.#app.services.gatherer.flush();
    await recomputeHealth(this.#app.services);
    return { tenantId: tenants.ours, registrationId, repairId, replayId, mark, ...named, ...shards, ...deliveries };
  }

  async #setUp() {
    const [connectionId, channelId] = ["conn-of-ours", "channel-of-ours"];
    const auth = { kind: "bearer", token: "ghp_0123456789secret" };
    const connection = { params: { integrationId: "github", connectionId }, json: { accountLabel: mark, auth } };
    await this.#do("put-connection", "PUT", connection);
    const target = { kind: "slack", url: "https://hooks.slack.com/services/T0/B0/x" };
    await this.#do("put-alert-channel", "PUT", { params: { channelId }, json: { target } });
    const contact = { integrationId: "salesforce", entityType: "Contact" };
    await this.#do("put-mapping", "PUT", { params: contact, json: mapping });
    const fields = { connectionId, events: ["Contact.*"], metadata: { note: mark } };
    this.#webhook = await this.#register("salesforce", fields);
    return { connectionId, channelId, ...(await this.#share(connectionId)) };
  }

  /** A shared webhook, and one that an account of it is mapped to. */
  async #share(connectionId: string) {
    const shared = { routing: "workspace", webhookSecret: "8f742231b10e8888abcd99yyyzzz85a5" };
    const { registrationId: sharedId } = await this.#register("slack", shared, "operator");
    const { registrationId: targetId } = await this.#register("slack", { connectionId, events: ["*"] });
    const accountId = "T0FOURS";
    const route = { params: { registrationId: sharedId, accountId }, json: { registrationId: targetId } };
    await this.#do("put-route", "PUT", route, "operator");
    return { sharedId, targetId, accountId };
  }

  #register(integrationId: string, json: object, who: Who = "ours"): Promise<NewWebhook> {
    return this.#do("register-webhook", "POST", { params: { integrationId }, json }, who);
  }

  /** Records: one that has a duplicate, one that is deleted, one that was changed here and there. */
  async #synchronise() {
    const deliveryId = await this.#deliver("001", { Name: mark, Email: "ada@ours.example" });
    for (const id of ["002", "003", "004"]) {
      await this.#deliver(id, { Name: mark, Email: id === "002" ? "ada@ours.example" : `${id}@ours.example` });
    }
    const [shardId, duplicateId] = [await this.#shardOf("001"), await this.#shardOf("002")];
    const [deletedId, changedId] = [await this.#shardOf("003"), await this.#shardOf("004")];
    await this.#do("delete-shard", "DELETE", { params: { shardId: deletedId } });
    await this.#do("update-shard", "PATCH", { params: { shardId: changedId }, json: { fields: { name: "Mine" } } });
    await this.#deliver("004", { Name: `${mark}, changed` });
    const { conflicts } = await this.#do("list-conflicts", "GET");
    const { syncTasks } = await this.#do("list-sync-tasks", "GET");
    const [{ conflictId }, { taskId }] = [conflicts[0], syncTasks[0]];
    return { deliveryId, shardId, duplicateId, deletedId, changedId, conflictId, taskId };
  }

  async #shardOf(externalId: string): Promise<string> {
    return (await this.#do("list-shards", "GET", { query: { externalId } })).shards[0].shardId;
  }

  /** A delivery that is given up, and one that is refused. */
  async #fail() {
    const gaveUp = new SyncFailure("mapping_missing", { permanent: true });
    jest.spyOn(this.#app.services.sync, "enqueueSyncTask").mockRejectedValueOnce(gaveUp);
    const deadId = await this.#deliver("005", { Name: mark });
    const body = JSON.stringify(contactBody());
    await this.#receive(body, `sha256=${"0".repeat(64)}`);
    await this.#app.services.gatherer.flush();
    const { deliveries } = await this.#do("list-deliveries", "GET", { query: { verdict: "refused" } });
    return { deadId, refusedId: deliveries[0].deliveryId };
  }

  /** Delivers a Contact and drains the queue; answers its line in the log. */
  async #deliver(id: string, fields: object): Promise<string> {
    this.#tick();
    const body = JSON.stringify(contactBody("updated", id, fields));
    await this.#receive(body, seedSignature(this.#webhook, body));
    await drain(this.#app);
    const { deliveries } = await this.#do("list-deliveries", "GET", { query: { entityId: id } });
    return deliveries[0].deliveryId;
  }

  async #receive(body: string, signature: string): Promise<void> {
    const { registrationId } = this.#webhook;
    const headers = { "x-salesforce-event-signature": signature };
    await call("receive-webhook", { method: "POST", params: { registrationId }, headers, body });
  }

  /** Asks as the first tenant, and expects to get it. */
  async #do(name: string, method: string, question: Question = {}, who: Who = "ours"): Promise<TestReply["json"]> {
    const { status, json } = await ask(who, name, method, question);
    if (status >= 300) throw new Error(`${name} answered ${status}: ${JSON.stringify(json)}`);
    return json;
  }
}
