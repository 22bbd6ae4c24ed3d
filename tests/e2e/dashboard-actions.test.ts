import { auditPage, browserPath } from "../support/browser";
import { DashboardWorld, type NewWebhook } from "../support/dashboard-world";
import { type EngineStandIn, startEngineStandIn } from "../support/engine-stand-in";
import { eventually } from "../support/gateway";

jest.setTimeout(120_000);
const inBrowser = browserPath === undefined ? describe.skip : describe;
const engineSecret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const world = new DashboardWorld();

/** What a person does about what failed. An engine of our own says what fails. */
inBrowser("what is done in the dashboard", () => {
  let engine: EngineStandIn;
  let webhook: NewWebhook;
  beforeAll(async () => {
    engine = await startEngineStandIn(Date.now, engineSecret);
    await world.start({
      SYNC_TASK_SERVICE_URL: engine.url,
      SYNC_TASK_SERVICE_SECRET: engineSecret,
      OUTBOUND_ALLOW_LOOPBACK: "true",
    });
    webhook = await world.register();
  });
  afterAll(async () => {
    await world.stop();
    await engine.stop();
  });
  beforeEach(() => world.open());
  afterEach(() => world.close());

  const handed = (id: string) => engine.handed.filter(({ message }) => message.data.entityId === id).length;

  /** An event that the engine will have nothing of. */
  async function giveUp(id: string): Promise<string> {
    engine.interrupt({ status: 422 });
    await world.deliver(webhook, id);
    const [deliveryId = ""] = await world.logged(`outcome=dead&entityId=${id}`, 1);
    return deliveryId;
  }

  it("replays a delivery, and shows what became of the replay", async () => {
    await world.deliver(webhook, "003a");
    const [deliveryId = ""] = await world.logged("outcome=synchronised", 1);
    await world.enter();
    await world.visit(`#/deliveries/${deliveryId}`, "Delivery");
    await world.page.getByRole("button", { name: "Replay" }).click();
    await world.page.keyboard.press("Escape");
    await world.page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await world.page.locator("#replay:focus").count()).toBe(1);
    await world.page.getByRole("button", { name: "Replay" }).click();
    await world.agree("Replay");
    await world.page.getByRole("table", { name: "Replays" }).getByText("synchronised").waitFor();
    expect(handed("003a")).toBe(2);
    expect(await auditPage(world.page)).toEqual([]);
  });

  it("shows the body of what was refused, and replays it once the secret is right", async () => {
    const webhookSecret = "the secret that the sender has";
    const keeping = await world.register({ keepBodies: true });
    await world.deliver({ ...keeping, webhookSecret }, "003r");
    const [deliveryId = ""] = await world.logged(`verdict=refused&registrationId=${keeping.registrationId}`, 1);
    await world.enter();
    await world.visit(`#/deliveries/${deliveryId}`, "Delivery");
    await world.page.getByLabel("The body as it was sent").getByText('"Id":"003r"').waitFor();
    await world.page.getByRole("button", { name: "Replay" }).click();
    await world.agree("Replay");
    await world.page.getByRole("dialog").getByText("delivery_unproved").waitFor();
    await world.page.keyboard.press("Escape");
    const verification = { scheme: "seed" };
    await world.ask("PATCH", `/webhooks/${keeping.registrationId}`, { webhookSecret, verification });
    await world.page.getByRole("button", { name: "Replay" }).click();
    await world.agree("Replay");
    await world.page.getByRole("table", { name: "Replays" }).getByRole("link", { name: "Event 1" }).click();
    await world.page.locator("dd").getByText("synchronised").first().waitFor();
    expect(await auditPage(world.page)).toEqual([]);
  });

  it("replays an event that was given up", async () => {
    await giveUp("003b");
    await world.enter();
    await world.page.getByRole("link", { name: "Dead letters", exact: true }).click();
    const row = world.page.getByRole("table", { name: "Dead letters" }).getByRole("row").filter({ hasText: "003b" });
    await row.getByText("engine_answered_422").waitFor();
    await row.getByRole("link").first().click();
    await world.page.getByRole("button", { name: "Replay" }).click();
    await world.agree("Replay");
    await world.logged("outcome=synchronised&entityId=003b", 1);
    await world.page.locator("dd").getByText("synchronised").first().waitFor();
  });

  it("discards an event that was given up, for good", async () => {
    const deliveryId = await giveUp("003c");
    await world.enter();
    await world.page.getByRole("link", { name: "Given up 1" }).waitFor();
    await world.visit(`#/deliveries/${deliveryId}`, "Delivery");
    await world.page.getByRole("button", { name: "Discard" }).click();
    expect(await auditPage(world.page)).toEqual([]);
    await world.agree("Discard");
    await world.page.locator("dd").getByText("discarded").waitFor();
    expect(await world.page.getByRole("button", { name: "Replay" }).count()).toBe(0);
    await world.visit("#/", "Overview");
    await world.page.getByRole("link", { name: "Given up 0" }).waitFor();
  });

  it("plans a replay of all that a search finds, runs it and shows its progress", async () => {
    for (const id of ["003d", "003e", "003f"]) await giveUp(id);
    await world.enter();
    await world.visit("#/deliveries?outcome=dead", "Deliveries");
    await world.page.getByRole("button", { name: "Replay all of these" }).click();
    await world.agree("Plan it");
    await world.page.getByRole("heading", { level: 1, name: "Replay" }).waitFor();
    await world.page.getByRole("table", { name: "The oldest of them" }).getByText("003d").waitFor();
    await world.page.getByRole("button", { name: "Run it" }).click();
    await world.page.getByLabel("Events a second").fill("100");
    await world.agree("Run");
    await world.page.getByText("completed", { exact: true }).waitFor();
    await world.page.getByRole("img", { name: "100 percent queued" }).waitFor();
    await world.logged("outcome=dead", 0);
  });

  it("leads from a replay to what it gave up", async () => {
    await giveUp("003k");
    const { replayId } = await world.ask<{ replayId: string }>("POST", "/replays", { entityId: "003k" });
    engine.interrupt({ status: 422 });
    await world.ask("POST", `/replays/${replayId}/run`, {});
    await world.logged(`outcome=dead&replayId=${replayId}`, 1);
    await world.enter();
    await world.visit(`#/replays/${replayId}`, "Replay");
    await world.page.getByRole("link", { name: "What it gave up" }).click();
    await world.page.getByRole("heading", { level: 1, name: "Deliveries" }).waitFor();
    expect(await world.page.getByLabel("Replay", { exact: true }).inputValue()).toBe(replayId);
    const rows = world.page.getByRole("table", { name: "Deliveries" }).locator("tbody tr");
    await rows.filter({ hasText: "003k" }).waitFor();
    expect(await rows.count()).toBe(1);
  });

  it("finds a delivery by the type of its record and by the provider's id", async () => {
    const [deliveryId = ""] = await world.logged("entityId=003a&verdict=accepted", 1);
    const { sourceDeliveryId } = await world.ask<{ sourceDeliveryId: string }>("GET", `/deliveries/${deliveryId}`);
    await world.enter();
    await world.visit("#/deliveries", "Deliveries");
    await world.page.getByLabel("Id at the provider").fill(sourceDeliveryId);
    await world.page.getByRole("button", { name: "Search" }).click();
    const rows = world.page.getByRole("table", { name: "Deliveries" }).locator("tbody tr");
    // The same row is in the list that the search takes the place of.
    await eventually(
      () => rows.allInnerTexts(),
      ([row = "", ...others]) => row.includes("003a") && others.length === 0,
    );
    await world.page.getByLabel("Type", { exact: true }).fill("Account");
    await world.page.getByRole("button", { name: "Search" }).click();
    await world.page.getByText("No delivery is like that.").waitFor();
    expect(world.page.url()).toContain(`deliveryId=${sourceDeliveryId}`);
    expect(world.page.url()).toContain("entityType=Account");
  });

  it("cancels a plan", async () => {
    await world.enter();
    await world.visit("#/deliveries?entityId=003a", "Deliveries");
    await world.page.getByRole("button", { name: "Replay all of these" }).click();
    await world.agree("Plan it");
    await world.page.getByRole("button", { name: "Cancel the replay" }).click();
    await world.agree("Cancel the replay");
    await world.page.getByText("cancelled", { exact: true }).waitFor();
  });

  it("changes a secret, shows the new one once, and retires the old one", async () => {
    await world.enter();
    await world.visit(`#/webhooks/${webhook.registrationId}`, "Webhook");
    await world.page.getByRole("button", { name: "Change the secret" }).click();
    await world.agree("Change the secret");
    const webhookSecret = await world.page.getByRole("dialog").locator(".copyable code").innerText();
    expect(webhookSecret).toMatch(/^whsec_/);
    await world.page.getByRole("button", { name: "Close" }).click();
    await world.page.getByText(webhookSecret).waitFor({ state: "detached" });
    expect(await world.deliver(webhook, "003g")).toMatchObject({ success: true });
    const renewed = { ...webhook, webhookSecret };
    expect(await world.deliver(renewed, "003h")).toMatchObject({ success: true });
    await world.page.getByText("both verify until only the new one is used").waitFor();
    await world.page.getByRole("button", { name: "Retire the old secret" }).click();
    await world.agree("Retire the old secret");
    await world.page.getByRole("button", { name: "Change the secret" }).waitFor();
    await eventually(
      () => world.deliver(webhook, "003i"),
      ({ success }) => success !== true,
    );
    expect(await world.deliver(renewed, "003j")).toMatchObject({ success: true });
  });

  it("pauses a webhook, and resumes it", async () => {
    await world.enter();
    await world.visit(`#/webhooks/${webhook.registrationId}`, "Webhook");
    await world.page.getByRole("button", { name: "Pause" }).click();
    await world.agree("Pause");
    await world.page.getByText("paused", { exact: true }).waitFor();
    await world.page.getByRole("button", { name: "Resume" }).click();
    await world.agree("Resume");
    await world.page.getByRole("button", { name: "Pause" }).waitFor();
  });

  it("is told what a token may not do", async () => {
    await world.enter();
    await world.page.route("**/rotate-secret", (route) =>
      route.fulfill({ status: 403, json: { code: "forbidden", title: "The token does not allow this." } }),
    );
    await world.visit(`#/webhooks/${webhook.registrationId}`, "Webhook");
    await world.page.getByRole("button", { name: "Change the secret" }).click();
    await world.agree("Change the secret");
    await world.page.getByRole("dialog").getByText("The token does not allow this.").waitFor();
  });
});
