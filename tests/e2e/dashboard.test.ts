import { createApp } from "../../shared/app";
import { newRegistrationId } from "../../shared/core/registration-id";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import { auditPage, browserPath } from "../support/browser";
import { DashboardWorld, type NewWebhook } from "../support/dashboard-world";
import { eventually, newDataDirectory } from "../support/gateway";
import { makeRegistration } from "../support/make";

jest.setTimeout(120_000);
const inBrowser = browserPath === undefined ? describe.skip : describe;
const world = new DashboardWorld();

inBrowser("the dashboard", () => {
  let webhook: NewWebhook;
  beforeAll(() => world.start());
  afterAll(() => world.stop());
  beforeEach(() => world.open());
  afterEach(() => world.close());

  it("says that a token is wrong, keeps the right one for this tab, and forgets it on leaving", async () => {
    await world.signIn("not-the-token");
    await world.page.getByRole("alert").getByText("This token does not count here.").waitFor();
    await world.page.getByText("unauthenticated").waitFor();
    await world.enter();
    await world.page.reload();
    await world.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await world.page.getByRole("button", { name: "Sign out" }).click();
    await world.page.getByLabel("API token or JWT").waitFor();
    await world.page.reload();
    await world.page.getByLabel("API token or JWT").waitFor();
  });

  it("tells a tenant without webhooks how to register one", async () => {
    await world.signIn();
    await world.page.getByRole("heading", { name: "There is no webhook yet" }).waitFor();
    expect(await world.page.locator("main code").innerText()).toContain(`${world.url}/integrations/`);
  });

  it("shows what arrives without being asked again", async () => {
    webhook = await world.register();
    await world.signIn();
    await world.page.getByText("Nothing arrived within the last hour.").waitFor();
    await world.deliver(webhook, "003a", { Name: "Ada" });
    await world.deliver({ ...webhook, webhookSecret: "whsec_wrong" }, "003b");
    await world.page.getByRole("link", { name: "Synchronised 1" }).waitFor();
    await world.page.getByRole("link", { name: "Refused 1" }).waitFor();
    await world.page.getByRole("img", { name: /^Deliveries over time. 2 lines/ }).waitFor();
    await world.page.getByText("signature mismatch").waitFor();
    await world.page.locator("#rate-summary").click();
    await world.page.getByRole("table", { name: "Deliveries over time" }).waitFor();
    expect(await world.page.getByRole("table", { name: "Latest deliveries" }).locator("tbody tr").count()).toBe(2);
  });

  it("explains a refused delivery, with the next step", async () => {
    await world.logged("verdict=refused", 1);
    await world.signIn();
    await world.page.getByRole("link", { name: "Refused 1" }).click();
    await world.page.getByRole("table", { name: "Deliveries" }).getByRole("link").first().click();
    await world.page.getByRole("heading", { name: "Why it was refused" }).waitFor();
    await world.page.getByText(/The signature does not match.*Next step at Salesforce/).waitFor();
    await world.page.getByRole("row", { name: "x-salesforce-event-signature ***" }).waitFor();
  });

  it("finds a delivery by its record, and shows its payload as text, whatever is in it", async () => {
    const markup = '<img src=x onerror="document.title=1">';
    await world.deliver(webhook, "003c", { Name: markup });
    await world.logged("outcome=synchronised", 2);
    await world.signIn();
    await world.page.getByRole("link", { name: "Deliveries", exact: true }).click();
    await world.page.getByLabel("Record").fill("003c");
    await world.page.getByRole("button", { name: "Search" }).click();
    const rows = world.page.getByRole("table", { name: "Deliveries" }).locator("tbody tr");
    await eventually(
      () => rows.count(),
      (count) => count === 1,
    );
    await rows.filter({ hasText: "003c" }).waitFor();
    await rows.getByRole("link").first().click();
    expect(await world.page.getByLabel("The event as JSON").innerText()).toContain(JSON.stringify(markup));
    expect(await world.page.locator("img[src=x]").count()).toBe(0);
    await world.page.getByRole("link", { name: "All about it" }).click();
    await world.page.getByRole("heading", { level: 1, name: "Sync task" }).waitFor();
    await world.page.goBack();
    await world.page.getByRole("heading", { level: 1, name: "Delivery" }).waitFor();
  });

  it("shows a webhook: its health, what to do, its set-up", async () => {
    await world.signIn();
    await world.page.getByRole("link", { name: "Webhooks", exact: true }).click();
    await world.page.getByRole("table", { name: "Webhooks" }).getByRole("link").first().click();
    await world.page.getByRole("heading", { name: "Health" }).waitFor();
    await world.page.getByText("percent failed").or(world.page.getByText("% failed")).waitFor();
    await world.page.getByRole("heading", { name: "Set-up" }).waitFor();
    expect(await world.page.getByText(webhook.registrationId).count()).toBeGreaterThan(0);
  });

  it("resolves a conflict side by side", async () => {
    const { mapping } = await world.ask<{ mapping: object }>("GET", "/mappings/salesforce/Contact");
    await world.ask("PUT", "/mappings/salesforce/Contact", { ...mapping, conflicts: { strategy: "manual" } });
    await world.deliver(webhook, "003d", { Phone: "1" });
    const shardOf = () =>
      world.ask<{ shards: readonly { shardId: string; externalId: string }[] }>("GET", "/shards?type=contact");
    const isThere = ({ shards }: Awaited<ReturnType<typeof shardOf>>) =>
      shards.some(({ externalId }) => externalId === "003d");
    const { shards } = await eventually(shardOf, isThere);
    const shardId = shards.find(({ externalId }) => externalId === "003d")?.shardId ?? "";
    await world.ask("PATCH", `/shards/${shardId}`, { fields: { phone: "ours" } });
    await world.deliver(webhook, "003d", { Phone: "theirs" });
    await eventually(
      () => world.ask<{ conflicts: readonly object[] }>("GET", "/conflicts"),
      ({ conflicts }) => conflicts.length === 1,
    );
    await world.signIn();
    await world.page.getByRole("link", { name: "Conflicts" }).click();
    await world.page.getByRole("link", { name: "Contact 003d" }).click();
    await world.page.getByRole("row").filter({ hasText: "ours" }).filter({ hasText: "theirs" }).waitFor();
    await world.page.getByLabel("phone from Castiel").check();
    await world.page.getByRole("button", { name: "Resolve as chosen" }).click();
    await world.agree("Resolve");
    await world.page.getByText("resolved", { exact: true }).waitFor();
    expect(await world.ask("GET", `/shards/${shardId}`)).toMatchObject({ structuredData: { phone: "ours" } });
  });

  it("changes a rate limit, and says why one cannot be", async () => {
    await world.signIn();
    await world.page.getByRole("link", { name: "Rate limits" }).click();
    await world.page.getByLabel("All calls a minute").fill("120");
    await world.page.getByRole("button", { name: "Save the limits" }).click();
    await world.page.getByRole("row", { name: /^All calls to this provider 0 120/ }).waitFor();
    expect(await world.ask("GET", "/rate-limits/salesforce/status")).toMatchObject({ requestsPerMinute: 120 });
    await world.page.getByLabel("Integration").selectOption("GitHub");
    await world.page.getByRole("row", { name: /^All calls to this provider 0 360/ }).waitFor();
  });

  it("is used by keyboard alone: the focus follows, and can be seen", async () => {
    await world.page.keyboard.type("test-token");
    await world.page.keyboard.press("Enter");
    await world.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await world.page.locator("#skip").focus();
    await world.page.keyboard.press("Enter");
    expect(await world.page.locator("main:focus").count()).toBe(1);
    await world.page.locator("#navigation a", { hasText: "Webhooks" }).focus();
    await world.page.keyboard.press("Enter");
    await world.page.locator("h1:focus", { hasText: "Webhooks" }).waitFor();
    await world.page.keyboard.press("Tab");
    expect(await world.page.locator("input:focus").getAttribute("id")).toBe("text");
    const outline = await world.page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
    expect(outline).toBe("solid");
    await world.page.locator("#hold").focus();
    await world.page.keyboard.press("Enter");
    await world.page.locator("#liveness", { hasText: "Held" }).waitFor();
  });

  it.each(["light", "dark"] as const)("can be read by everybody, in %s", async (colorScheme) => {
    await world.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect(await auditPage(world.page)).toEqual([]);
    await world.enter();
    const [delivery] = (await world.ask<{ deliveries: readonly { deliveryId: string }[] }>("GET", "/deliveries"))
      .deliveries;
    const [conflict] = (
      await world.ask<{ conflicts: readonly { conflictId: string }[] }>("GET", "/conflicts?status=resolved")
    ).conflicts;
    const pages = [
      ["#/", "Overview"],
      ["#/webhooks", "Webhooks"],
      [`#/webhooks/${webhook.registrationId}`, "Webhook"],
      ["#/deliveries", "Deliveries"],
      [`#/deliveries/${delivery?.deliveryId ?? ""}`, "Delivery"],
      ["#/dead-letters", "Dead letters"],
      ["#/replays", "Replays"],
      ["#/sync-tasks", "Sync tasks"],
      ["#/conflicts", "Conflicts"],
      [`#/conflicts/${conflict?.conflictId ?? ""}`, "Conflict"],
      ["#/rate-limits", "Rate limits"],
      ["#/nowhere", "No such page"],
    ] as const;
    for (const [hash, heading] of pages) {
      await world.visit(hash, heading);
      await world.expectReadable();
    }
  });

  it("tells what the gateway answers, with its code", async () => {
    await world.enter();
    await world.visit("#/webhooks/webhook-unknown", "Webhook");
    await world.page.getByRole("alert").getByText("There is no such webhook.").waitFor();
    await world.page.getByRole("alert").getByText("registration_not_found").waitFor();
  });
});

inBrowser("the dashboard of a tenant with 10,000 webhooks", () => {
  const COUNT = 10_000;
  beforeAll(async () => {
    const dataDirectory = newDataDirectory();
    const app = await createApp({
      env: { CASTIEL_MODE: "embedded", DATA_DIRECTORY: dataDirectory },
      log: () => undefined,
    });
    const tenantKey = app.services.tenantKeyOf("tenant-123");
    const make = (index: number) =>
      app.services.registrations.create(
        makeRegistration({
          id: newRegistrationId(tenantKey),
          connectionId: `conn-${index}`,
          metadata: { team: `team-${index}` },
        }),
      );
    for (let made = 0; made < COUNT; made += 500) {
      await Promise.all(Array.from({ length: 500 }, (_, index) => make(made + index)));
    }
    await recomputeHealth(app.services);
    await app.close();
    await world.start({ DATA_DIRECTORY: dataDirectory });
  }, 120_000);
  afterAll(() => world.stop());
  beforeEach(() => world.open());
  afterEach(() => world.close());

  const questions = () => world.watched.asked.filter((path) => !path.startsWith("/dashboard"));
  const elements = () => world.page.evaluate<number>("document.querySelectorAll('*').length");

  it("shows them at a glance, with as few questions as for one", async () => {
    await world.signIn();
    await world.page.getByRole("link", { name: "Webhooks 10K" }).waitFor();
    await world.page.getByRole("link", { name: "10K healthy" }).waitFor();
    expect(questions()).toEqual(["/webhooks", "/overview", "/alerts", "/deliveries"]);
    expect(await elements()).toBeLessThan(1000);
  });

  it("lists them page by page", async () => {
    await world.signIn();
    await world.page.getByRole("link", { name: "Webhooks", exact: true }).click();
    await world.page.getByRole("button", { name: "Next page" }).click();
    await world.page.getByText("Page 2, 50 shown").waitFor();
    await world.page.getByRole("button", { name: "Previous page" }).click();
    await world.page.getByText("Page 1, 50 shown").waitFor();
    expect(await elements()).toBeLessThan(2000);
  });

  it("finds one by a note of it", async () => {
    await world.enter();
    await world.page.getByRole("link", { name: "Webhooks", exact: true }).click();
    await world.page.getByText("Page 1, 50 shown").waitFor();
    world.watched.asked.length = 0;
    await world.page.getByLabel("Text").fill("TEAM-7777");
    await world.page.getByRole("button", { name: "Search" }).click();
    const rows = world.page.getByRole("table", { name: "Webhooks" }).locator("tbody tr");
    await rows.filter({ hasText: "conn-7777" }).waitFor();
    expect(await rows.count()).toBe(1);
    // Each question reads 2,000 of them.
    expect(questions().length).toBeLessThanOrEqual(COUNT / 2000);
  });
});
