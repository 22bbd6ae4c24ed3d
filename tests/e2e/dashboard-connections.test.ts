import { apiToken } from "../support/api-token";
import { browserPath } from "../support/browser";
import { DashboardWorld } from "../support/dashboard-world";
import { eventually } from "../support/gateway";
import { SalesforceStandIn } from "../support/vendors/salesforce";

jest.setTimeout(120_000);
const inBrowser = browserPath === undefined ? describe.skip : describe;
const world = new DashboardWorld();
const TENANT = "tenant-123";
const READER = "may-only-read";
const clientSecret = "client-hunter2";

/** The accounts behind the webhooks. A stand-in of Salesforce takes one client secret, and no other. */
inBrowser("connections in the dashboard", () => {
  let salesforce: SalesforceStandIn;
  beforeAll(async () => {
    salesforce = await SalesforceStandIn.start();
    await world.start({
      API_TOKENS: JSON.stringify([
        apiToken("test-token", TENANT, ["webhooks.read", "webhooks.write"]),
        apiToken(READER, TENANT, ["webhooks.read"]),
      ]),
      OUTBOUND_ALLOW_LOOPBACK: "true",
      HEALTH_SCHEDULE: "* * * * * *",
    });
  });
  afterAll(async () => {
    await world.stop();
    await salesforce.server.stop();
  });
  beforeEach(() => world.open());
  afterEach(() => world.close());

  const rowsOf = (name: string) => world.page.getByRole("table", { name }).locator("tbody tr");
  const press = (name: string) => world.page.getByRole("button", { name }).click();
  const fill = (label: string, text: string) => world.page.getByLabel(label, { exact: true }).fill(text);
  const choose = (label: string, option: string) => world.page.getByLabel(label, { exact: true }).selectOption(option);
  const connection = (integrationId: string, connectionId: string) =>
    world.ask<{ readonly status: string }>("GET", `/integrations/${integrationId}/connections/${connectionId}`);
  const put = (integrationId: string, connectionId: string, body: object) =>
    world.ask("PUT", `/integrations/${integrationId}/connections/${connectionId}`, body);

  it("are none at first, and the page says what they are for", async () => {
    await world.enter();
    await world.page.getByRole("link", { name: "Connections" }).click();
    await world.page.getByText("A connection is an account at a provider").waitFor();
  });

  it("that are refused are found from their alert, and mended with credentials that are never shown", async () => {
    const auth = { kind: "salesforce_client_credentials", clientId: "client", clientSecret: "wrong" };
    await put("salesforce", "conn-123", { accountLabel: "Production", baseUrl: salesforce.server.url, auth });
    await world.deliver(await world.register(), "003a");
    await eventually(
      () => connection("salesforce", "conn-123"),
      ({ status }) => status === "needs_reauth",
    );
    await world.enter();
    await world.page.getByRole("link", { name: "Alerts" }).click();
    const alert = rowsOf("Alerts").filter({ hasText: "Connection needs new credentials" });
    await alert.getByRole("link", { name: "Give it new ones" }).click();
    await world.page.getByText("The provider refuses its credentials").waitFor();
    await choose("Credentials", "Salesforce client credentials");
    await fill("Client id", "client");
    await fill("Client secret", clientSecret);
    await press("Save the connection");
    await world.page.getByText("The connection is saved.").first().waitFor();
    await world.page.getByText("The provider refuses its credentials").waitFor({ state: "detached" });
    expect(await connection("salesforce", "conn-123")).toMatchObject({
      status: "active",
      accountLabel: "Production",
      baseUrl: salesforce.server.url,
    });
    expect(await world.page.getByLabel("Client secret").count()).toBe(0);
    expect(await world.page.content()).not.toContain(clientSecret);
  });

  it("are listed by state, with the code for which they were refused", async () => {
    await world.enter();
    await world.page.getByRole("link", { name: "Connections" }).click();
    await rowsOf("Connections").filter({ hasText: "conn-123" }).getByText("active").waitFor();
    await choose("State", "needs new credentials");
    await press("Search");
    await world.page.getByText("No connection needs new credentials.").waitFor();
    expect(world.page.url()).toContain("#/connections?status=needs_reauth");
  });

  it("show the webhooks that name them, and no other", async () => {
    const events = ["Contact.*"];
    await world.ask("POST", "/integrations/salesforce/webhooks", { connectionId: "conn-1234", events });
    await world.ask("POST", "/integrations/github/webhooks", { connectionId: "conn-123", events });
    await world.enter();
    await world.visit("#/webhooks", "Webhooks");
    await rowsOf("Webhooks")
      .filter({ hasText: "salesforce" })
      .getByRole("link", { name: "conn-123", exact: true })
      .click();
    const rows = rowsOf("Webhooks of this connection");
    await rows.first().waitFor();
    expect(await rows.count()).toBe(1);
  });

  it("keep their credentials from another address", async () => {
    await world.enter();
    await world.visit("#/connections/salesforce/conn-123", "Connection");
    await fill("Address of its API", "http://127.0.0.1:9");
    await press("Save the connection");
    await world.page.getByRole("alert").getByText("is required when baseUrl changes").waitFor();
    expect(await world.page.getByLabel("Address of its API").inputValue()).toBe("http://127.0.0.1:9");
    expect(await connection("salesforce", "conn-123")).toMatchObject({ baseUrl: salesforce.server.url });
  });

  it("are set up with the credentials that their integration takes, whatever they are called", async () => {
    await world.enter();
    await world.visit("#/connections/new", "New connection");
    await fill("Id of your own, which webhooks name", "team/project 100 %");
    await choose("Integration", "GitHub");
    await choose("Credentials", "GitHub App");
    await fill("App id", "1");
    await fill("Installation id", "2");
    await fill("Private key (PEM)", "-----BEGIN\nnot a key");
    await press("Set up the connection");
    await world.page.getByRole("alert").getByText("/auth/privateKey").waitFor();
    await choose("Credentials", "A token");
    await fill("Token", "ghp_hunter2");
    await press("Set up the connection");
    await world.page.getByRole("heading", { level: 1, name: "Connection", exact: true }).waitFor();
    await world.page.getByText("team/project 100 %").waitFor();
    const name = encodeURIComponent("team/project 100 %");
    expect(await connection("github", name)).toMatchObject({ auth: { kind: "bearer", credentialsSet: true } });
    await world.page.getByRole("link", { name: "Who changed it" }).click();
    await rowsOf("Changes").filter({ hasText: "put-connection" }).getByRole("link").click();
    await world.page.getByText("team/project 100 %").waitFor();
  });

  it("are not replaced by a new one of the same id", async () => {
    await world.enter();
    await world.visit("#/connections/new?integrationId=salesforce&connectionId=conn-123", "New connection");
    await press("Set up the connection");
    await world.page.getByRole("alert").getByText("There is one of this name already.").waitFor();
  });

  it("are deleted when asked twice, and can be set up again from where they are missed", async () => {
    await put("slack", "team", {});
    await world.enter();
    await world.visit("#/connections/slack/team", "Connection");
    await press("Delete");
    await world.page.keyboard.press("Escape");
    expect(await connection("slack", "team")).toMatchObject({ status: "active" });
    await press("Delete");
    await world.agree("Delete");
    await world.page.getByRole("heading", { level: 1, name: "Connections" }).waitFor();
    await world.visit("#/connections/slack/team", "Connection");
    await world.page.getByRole("alert").getByText("connection_not_found").waitFor();
    await world.page.getByRole("link", { name: "Set it up" }).click();
    expect(await world.page.getByLabel("Id of your own").inputValue()).toBe("team");
    await world.page.locator("#integration option:checked", { hasText: "Slack" }).waitFor({ state: "attached" });
  });

  it("are shown to whoever may only read, who is told why nothing can be changed", async () => {
    await world.signIn(READER);
    await world.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await world.visit("#/connections/salesforce/conn-123", "Connection");
    await press("Save the connection");
    await world.page.getByRole("alert").getByText("needs a token with the scope webhooks.write").waitFor();
  });

  it.each(["light", "dark"] as const)("can be read by everybody, in %s", async (colorScheme) => {
    await put("salesforce", "a-name-that-goes-on-and-on".repeat(7), {});
    await world.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await world.enter();
    for (const [hash, heading] of [
      ["#/connections", "Connections"],
      ["#/connections/new", "New connection"],
      ["#/connections/salesforce/conn-123", "Connection"],
      ["#/connections/salesforce/none", "Connection"],
    ] as const) {
      await world.visit(hash, heading);
      await world.expectReadable();
    }
  });
});
