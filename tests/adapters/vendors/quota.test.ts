import { connect } from "../../support/connections";
import { openTestApp, type TestApp } from "../../support/test-app";
import { SalesforceStandIn } from "../../support/vendors/salesforce";

describe("reading a provider's records within the limits", () => {
  let salesforce: SalesforceStandIn;
  let app: TestApp;
  beforeEach(async () => {
    salesforce = await SalesforceStandIn.start();
    salesforce.add("003A", "2026-11-24T11:00:00.000+0000", { LastName: "Lovelace" });
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true" });
  });
  afterEach(async () => {
    await app.close();
    await salesforce.server.stop();
  });

  const openConnection = () =>
    connect(
      app,
      "salesforce",
      { kind: "salesforce_client_credentials", clientId: "client", clientSecret: "client-hunter2" },
      { baseUrl: salesforce.server.url },
    );
  const contact = { entityType: "Contact", entityId: "003A" };

  it("slows down as soon as a reply says that the quota runs out", async () => {
    const key = await openConnection();
    const { records, rateLimiter, now } = app.services;
    await records.read(key, contact);
    expect(await rateLimiter.status(key, now())).toMatchObject({ adaptiveMultiplier: 1 });
    salesforce.server.interrupt({
      headers: { "sforce-limit-info": "api-usage=14900/15000" },
      json: { Id: "003A", SystemModstamp: "2026-11-24T11:00:00.000+0000", IsDeleted: false },
    });
    await records.read(key, contact);
    expect((await rateLimiter.status(key, now())).adaptiveMultiplier).toBeLessThan(1);
    expect(app.logged).toContainEqual(expect.objectContaining({ event: "rate_limit.reduced" }));
  });

  it("asks the provider nothing where the limit is reached, and says when there is room", async () => {
    const key = await openConnection();
    const { records, rateLimiter, now } = app.services;
    const { operations } = await rateLimiter.status(key, now());
    for (let call = 0; call < operations.fetch.limit; call++) await rateLimiter.take(key, "fetch", now());
    await expect(records.read(key, contact)).rejects.toMatchObject({ name: "SyncDelay", reason: "rate_limited" });
    expect(salesforce.server.calls).toEqual([]);
  });

  it("counts nothing for a connection without credentials", async () => {
    const key = { ...(await openConnection()), connectionId: "another" };
    const { records, rateLimiter, now } = app.services;
    expect(await records.read(key, contact)).toEqual({ kind: "no_credentials" });
    expect(await rateLimiter.status(key, now())).toMatchObject({ operations: { fetch: { made: 0 } } });
  });
});
