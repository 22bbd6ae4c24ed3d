import { type AlertReceivers, startAlertReceivers } from "../support/alert-receivers";
import { apiToken } from "../support/api-token";
import { browserPath } from "../support/browser";
import { DashboardWorld, type NewWebhook } from "../support/dashboard-world";
import { type EngineStandIn, startEngineStandIn } from "../support/engine-stand-in";
import { eventually } from "../support/gateway";

jest.setTimeout(120_000);
const inBrowser = browserPath === undefined ? describe.skip : describe;
const engineSecret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const world = new DashboardWorld();
const TENANT = "tenant-123";
const READER = "may-only-read";
const OPERATOR = "runs-the-service";
const EVERY_SECOND = "* * * * * *";

/** What is wrong, and whom it is told. An engine of our own has something go wrong, stand-ins of the channels' vendors hear of it. */
inBrowser("alerts in the dashboard", () => {
  let engine: EngineStandIn;
  let receivers: AlertReceivers;
  let webhook: NewWebhook;
  beforeAll(async () => {
    [engine, receivers] = await Promise.all([startEngineStandIn(Date.now, engineSecret), startAlertReceivers()]);
    await world.start({
      API_TOKENS: JSON.stringify([
        apiToken("test-token", TENANT, ["webhooks.read", "webhooks.write"]),
        apiToken(READER, TENANT, ["webhooks.read"]),
        apiToken(OPERATOR, TENANT, ["webhooks.read", "webhooks.write"], true),
      ]),
      SYNC_TASK_SERVICE_URL: engine.url,
      SYNC_TASK_SERVICE_SECRET: engineSecret,
      OUTBOUND_ALLOW_LOOPBACK: "true",
      ALERT_HOSTS: "alerts.example.com",
      HEALTH_SCHEDULE: EVERY_SECOND,
    });
    webhook = await world.register();
  });
  afterAll(async () => {
    await world.stop();
    await engine.stop();
    await receivers.server.stop();
  });
  beforeEach(() => world.open());
  afterEach(() => world.close());

  const rowsOf = (name: string) => world.page.getByRole("table", { name }).locator("tbody tr");
  const channel = (id: string) => world.ask<Record<string, unknown>>("GET", `/alert-channels/${id}`);
  const press = (name: string) => world.page.getByRole("button", { name }).click();

  async function setUp(name: string, kind: string, fields: Readonly<Record<string, string>>): Promise<void> {
    await world.page.getByLabel("Name of your own").fill(name);
    await world.page.getByLabel("Kind").selectOption(kind);
    for (const [label, text] of Object.entries(fields)) await world.page.getByLabel(label).fill(text);
    await press("Set up the channel");
  }

  it("are counted on the overview, and each says its cause, the next step and where to go", async () => {
    await world.enter();
    await world.page.getByText("No alert is open.").waitFor();
    engine.interrupt({ status: 422 });
    await world.deliver(webhook, "003a");
    await world.page.getByRole("link", { name: /^\d alerts? open$/ }).click();
    const row = rowsOf("Alerts").filter({ hasText: "Events were given up" });
    await row.getByText("critical").waitFor();
    await row
      .getByText("1 event(s) were given up and wait to be replayed or discarded (engine_answered_422).")
      .waitFor();
    await row.getByText("Next step: Mend the cause, then replay them").waitFor();
    await row.getByText("docs/operations.md#alert-dead-letters").waitFor();
    expect(await row.getByTitle(webhook.registrationId).getAttribute("href")).toBe(
      `#/webhooks/${webhook.registrationId}`,
    );
    await row.getByRole("link", { name: "What was given up" }).click();
    await rowsOf("Deliveries").filter({ hasText: "003a" }).waitFor();
  });

  it("are there when they are over", async () => {
    const short = await world.register();
    engine.interrupt({ status: 422 });
    await world.deliver(short, "003b");
    const of = (path: string) => world.ask<{ alerts: readonly { subject: { id: string } }[] }>("GET", path);
    const isThere = ({ alerts }: Awaited<ReturnType<typeof of>>): boolean =>
      alerts.some(({ subject }) => subject.id === short.registrationId);
    await eventually(() => of("/alerts"), isThere);
    const { deadLetters } = await world.ask<{ deadLetters: readonly { deliveryId: string }[] }>(
      "GET",
      `/dead-letters?registrationId=${short.registrationId}`,
    );
    await world.ask("POST", `/deliveries/${deadLetters[0]?.deliveryId}/discard`);
    await eventually(() => of("/alerts?ended=true"), isThere);
    await world.enter();
    await world.page.getByRole("link", { name: "Alerts" }).click();
    await world.page.getByLabel("What").selectOption("ended lately");
    await press("Search");
    const row = rowsOf("Alerts").filter({ has: world.page.getByTitle(short.registrationId) });
    await row.getByText("Events were given up").waitFor();
    await row.getByText("over").waitFor();
    expect(world.page.url()).toContain("#/alerts?ended=true");
  });

  it("are told to a channel that is set up here, tested, and never shows where it leads", async () => {
    await world.enter();
    await world.page.getByRole("link", { name: "Alerts" }).click();
    await world.page.getByText("Nobody is told.").waitFor();
    await world.page.getByRole("link", { name: "Set up a channel" }).click();
    await world.page.getByLabel("Many deliveries are refused").check();
    await world.page.getByLabel("From").fill("22:00");
    await world.page.getByLabel("To", { exact: true }).fill("07:00");
    await world.page.getByLabel("critical").check();
    await setUp("on-call", "Slack", { "URL of the incoming webhook": receivers.slackUrl });
    await world.page.getByRole("heading", { level: 1, name: "Alert channel", exact: true }).waitFor();
    await press("Send a test message");
    await world.agree("Send it");
    await world.page.getByText("The test message was taken.").waitFor();
    expect(receivers.slack.at(-1)).toContain("Test message");
    await press("Close");
    expect(await channel("on-call")).toMatchObject({
      kind: "slack",
      conditions: ["refused_rate"],
      quietHours: { timeZone: "Europe/Berlin", from: "22:00", to: "07:00", exempt: ["critical"] },
    });
    expect(await world.page.content()).not.toContain("hunter2slack");
  });

  it("are told where they were when only the settings of a channel change", async () => {
    await world.enter();
    await world.visit("#/alerts", "Alerts");
    await rowsOf("Channels").getByRole("link", { name: "on-call" }).click();
    await world.page.getByLabel("Many deliveries are refused").uncheck();
    await world.page.getByLabel("Integrations").fill("salesforce, github");
    await world.page.getByLabel("From").fill("");
    await world.page.getByLabel("To", { exact: true }).fill("");
    await world.page.getByRole("button", { name: "Save the settings" }).focus();
    await world.page.keyboard.press("Enter");
    await world.page.getByText("The settings are saved.").first().waitFor();
    expect(await world.page.locator("#save:focus").count()).toBe(1);
    const { conditions, quietHours, ...rest } = await channel("on-call");
    expect([conditions, quietHours]).toEqual([undefined, undefined]);
    expect(rest).toMatchObject({ kind: "slack", integrations: ["salesforce", "github"] });
    const told = receivers.slack.length;
    await press("Send a test message");
    await world.agree("Send it");
    await world.page.getByText("The test message was taken.").waitFor();
    expect(receivers.slack.length).toBe(told + 1);
  });

  it("are signed for a URL of one's own, with a secret that is shown once", async () => {
    await world.enter();
    await world.visit("#/alerts/new-channel", "New alert channel");
    await setUp("ours", "A URL of yours", { "URL, of a host": "https://elsewhere.example.com/" });
    await world.page.getByRole("alert").getByText("/target/url").waitFor();
    await world.page.getByRole("alert").getByText("invalid_request").waitFor();
    await setUp("ours", "A URL of yours", { "URL, of a host": "https://alerts.example.com/castiel" });
    const secret = await world.page.locator(".copyable code").innerText();
    expect(secret).toMatch(/^whsec_/);
    await world.page.getByRole("link", { name: "To the channel" }).click();
    await world.page.getByRole("heading", { level: 1, name: "Alert channel", exact: true }).waitFor();
    expect(await world.page.content()).not.toContain(secret);
    await press("Send a test message");
    await world.agree("Send it");
    await world.page.getByRole("alert").getByText("The test message was not taken").waitFor();
  });

  it("do not lose a channel to one of the same name", async () => {
    await world.enter();
    await world.visit("#/alerts/new-channel", "New alert channel");
    await setUp("on-call", "PagerDuty", { "Integration key": receivers.routingKey });
    await world.page.getByRole("alert").getByText("There is one of this name already.").waitFor();
    expect(await channel("on-call")).toMatchObject({ kind: "slack" });
  });

  it("are told no more once the channel is deleted, which is asked first", async () => {
    await world.enter();
    await world.visit("#/alerts/channels/ours", "Alert channel");
    await press("Delete");
    await world.page.keyboard.press("Escape");
    expect(await channel("ours")).toMatchObject({ channelId: "ours" });
    await press("Delete");
    await world.agree("Delete");
    await world.page.getByRole("heading", { level: 1, name: "Alerts" }).waitFor();
    expect(await channel("ours")).toMatchObject({ code: "alert_channel_not_found" });
  });

  it("are shown to whoever may only read, who is told why nothing can be changed", async () => {
    await world.signIn(READER);
    await world.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await world.visit("#/alerts/channels/on-call", "Alert channel");
    await press("Save the settings");
    await world.page
      .getByRole("alert")
      .getByText("Changing something needs a token with the scope webhooks.write")
      .waitFor();
    await press("Delete");
    await world.agree("Delete");
    await world.page.getByRole("dialog").getByText("forbidden").waitFor();
    await press("Cancel");
    await world.visit("#/alerts?service=true", "Alerts");
    await world.page.getByRole("alert").getByText("forbidden").waitFor();
  });

  it("of the service as a whole are for operators, and so are the channels that are told of them", async () => {
    await world.signIn(OPERATOR);
    await world.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await world.visit("#/alerts", "Alerts");
    await world.page.getByLabel("Of", { exact: true }).selectOption("the whole service");
    await press("Search");
    await world.page.getByText("Nothing is wrong.").waitFor();
    await world.page.getByRole("link", { name: "Set up a channel" }).click();
    await world.page.getByLabel("The queue has dead letters (the service)").check();
    await world.page.getByLabel("Told of that, and of nothing else; for operators").check();
    await setUp("service", "Slack", { "URL of the incoming webhook": receivers.slackUrl });
    await world.page.getByText("The queue has dead letters of the service").waitFor();
    expect(await channel("service")).toMatchObject({ service: true, conditions: ["queue_dead_letters"] });
  });

  it.each(["light", "dark"] as const)("can be read by everybody, in %s", async (colorScheme) => {
    await world.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await world.enter();
    for (const [hash, heading] of [
      ["#/alerts", "Alerts"],
      ["#/alerts?ended=true", "Alerts"],
      ["#/alerts/new-channel", "New alert channel"],
      ["#/alerts/channels/on-call", "Alert channel"],
      ["#/alerts/channels/none", "Alert channel"],
    ] as const) {
      await world.visit(hash, heading);
      await world.expectReadable();
    }
  });
});
