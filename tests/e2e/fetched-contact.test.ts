import { eventually, type Gateway, startGateway } from "../support/gateway";
import { seedSignature } from "../support/test-app";
import { SalesforceStandIn } from "../support/vendors/salesforce";

const recordId = "003xx000004TMM";

/** The seed's scenario with an account behind it: the event names a Contact, and the account says what it is. */
describe("a Contact that was created in Salesforce", () => {
  let salesforce: SalesforceStandIn;
  let gateway: Gateway;
  beforeAll(async () => {
    salesforce = await SalesforceStandIn.start();
    gateway = await startGateway({ CASTIEL_MODE: "embedded", OUTBOUND_ALLOW_LOOPBACK: "true" });
  }, 30_000);
  afterAll(async () => {
    await gateway.stop();
    await salesforce.server.stop();
  });

  async function ask<T>(method: string, path: string, body?: object, headers = {}): Promise<T> {
    const reply = await fetch(`${gateway.url}${path}`, {
      method,
      headers: { authorization: "Bearer test-token", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(reply.ok).toBe(true);
    return (await reply.json()) as T;
  }

  async function deliver(): Promise<{ readonly registrationId: string }> {
    const webhook = await ask<{ registrationId: string; webhookSecret: string }>(
      "POST",
      "/integrations/salesforce/webhooks",
      { connectionId: "conn-123", events: ["Contact.created"] },
    );
    const body = { action: "created", sobject: { name: "Contact", fields: { Id: recordId } } };
    const signature = seedSignature(webhook, JSON.stringify(body));
    await ask("POST", `/webhooks/${webhook.registrationId}`, body, { "x-salesforce-event-signature": signature });
    return webhook;
  }

  it("is read from there, and is a shard with the fields that were read", async () => {
    salesforce.add(recordId, new Date().toISOString(), { Name: "Ada Lovelace", Email: " Ada@Example.com " });
    await ask("PUT", "/integrations/salesforce/connections/conn-123", {
      baseUrl: salesforce.server.url,
      auth: { kind: "salesforce_client_credentials", clientId: "client", clientSecret: "client-hunter2" },
    });

    const { registrationId } = await deliver();

    const { syncTasks } = await eventually(
      () =>
        ask<{ syncTasks: readonly object[] }>("GET", `/sync-tasks?registrationId=${registrationId}&status=completed`),
      (page) => page.syncTasks.length > 0,
    );
    expect(syncTasks).toMatchObject([
      { trigger: "webhook", entityType: "Contact", entityId: recordId, source: "provider", attempts: 1 },
    ]);
    expect(await ask("GET", "/shards?type=contact&integrationId=salesforce")).toMatchObject({
      shards: [
        {
          externalId: recordId,
          status: "active",
          structuredData: { name: "Ada Lovelace", email: "ada@example.com" },
        },
      ],
    });
    expect(salesforce.server.calls).toContain(`GET /services/data/v67.0/sobjects/Contact/${recordId}`);
    expect(await ask("GET", "/rate-limits/salesforce/status")).toMatchObject({
      operations: { fetch: { requestsMade: 1 } },
    });
  });
});
