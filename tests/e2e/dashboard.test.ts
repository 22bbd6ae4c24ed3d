import type { Browser, Page } from "playwright-core";
import { createApp } from "../../shared/app";
import { newRegistrationId } from "../../shared/core/registration-id";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import { auditPage, browserPath, openBrowser, openPage, type WatchedPage } from "../support/browser";
import { eventually, type Gateway, newDataDirectory, startGateway } from "../support/gateway";
import { makeRegistration } from "../support/make";
import { seedSignature } from "../support/test-app";

interface Webhook {
  readonly registrationId: string;
  readonly webhookSecret: string;
}

jest.setTimeout(60_000);
const inBrowser = browserPath === undefined ? describe.skip : describe;

let browser: Browser;
let gateway: Gateway;
let watched: WatchedPage;
let page: Page;

async function start(env = {}): Promise<void> {
  gateway = await startGateway({ CASTIEL_MODE: "embedded", ...env });
  browser = await openBrowser();
}

async function stop(): Promise<void> {
  await browser.close();
  await gateway.stop();
}

async function open(): Promise<void> {
  watched = await openPage(browser, gateway.url);
  page = watched.page;
  await page.goto(`${gateway.url}/dashboard`);
}

async function signIn(token = "test-token"): Promise<void> {
  await page.getByLabel("API token or JWT").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Goes to an address of the page. */
async function visit(hash: string, heading: string): Promise<void> {
  await page.goto(`${gateway.url}/dashboard${hash}`);
  await page.getByRole("heading", { level: 1, name: heading }).waitFor();
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
}

async function ask<T>(method: string, path: string, body?: object, headers = {}): Promise<T> {
  const reply = await fetch(`${gateway.url}${path}`, {
    method,
    headers: { authorization: "Bearer test-token", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await reply.json()) as T;
}

function register(): Promise<Webhook> {
  return ask("POST", "/integrations/salesforce/webhooks", { connectionId: "conn-123", events: ["Contact.*"] });
}

async function deliver(webhook: Webhook, id: string, fields: object = {}): Promise<void> {
  const body = { action: "updated", sobject: { name: "Contact", fields: { Id: id, ...fields } } };
  const signature = seedSignature(webhook, JSON.stringify(body));
  await ask("POST", `/webhooks/${webhook.registrationId}`, body, { "x-salesforce-event-signature": signature });
}

/** Waits until that many lines of the log are as the search says. */
async function logged(search: string, count: number): Promise<void> {
  const lines = () => ask<{ deliveries: readonly object[] }>("GET", `/deliveries?${search}`);
  await eventually(lines, ({ deliveries }) => deliveries.length === count);
}

inBrowser("the dashboard", () => {
  let webhook: Webhook;
  beforeAll(() => start());
  afterAll(stop);
  beforeEach(open);
  afterEach(async () => {
    await page.context().close();
    // What the policy blocks, any exception and any call elsewhere is an error of the page.
    expect(watched.troubles).toEqual([]);
  });

  it("says that a token is wrong, keeps the right one for this tab, and forgets it on leaving", async () => {
    await signIn("not-the-token");
    await page.getByRole("alert").getByText("This token does not count here.").waitFor();
    await page.getByText("unauthenticated").waitFor();
    await signIn();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("API token or JWT").waitFor();
    await page.reload();
    await page.getByLabel("API token or JWT").waitFor();
  });

  it("tells a tenant without webhooks how to register one", async () => {
    await signIn();
    await page.getByRole("heading", { name: "There is no webhook yet" }).waitFor();
    expect(await page.locator("main code").innerText()).toContain(`${gateway.url}/integrations/`);
  });

  it("shows what arrives without being asked again", async () => {
    webhook = await register();
    await signIn();
    await page.getByText("Nothing arrived within the last hour.").waitFor();
    await deliver(webhook, "003a", { Name: "Ada" });
    await deliver({ ...webhook, webhookSecret: "whsec_wrong" }, "003b");
    await page.getByRole("link", { name: "Synchronised 1" }).waitFor();
    await page.getByRole("link", { name: "Refused 1" }).waitFor();
    await page.getByRole("img", { name: /^Deliveries over time. 2 lines/ }).waitFor();
    await page.getByText("signature mismatch").waitFor();
    await page.locator("#rate-summary").click();
    await page.getByRole("table", { name: "Deliveries over time" }).waitFor();
    expect(await page.getByRole("table", { name: "Latest deliveries" }).locator("tbody tr").count()).toBe(2);
  });

  it("explains a refused delivery, with the next step", async () => {
    await logged("verdict=refused", 1);
    await signIn();
    await page.getByRole("link", { name: "Refused 1" }).click();
    await page.getByRole("table", { name: "Deliveries" }).getByRole("link").first().click();
    await page.getByRole("heading", { name: "Why it was refused" }).waitFor();
    await page.getByText(/The signature does not match.*Next step at Salesforce/).waitFor();
    await page.getByRole("row", { name: "x-salesforce-event-signature ***" }).waitFor();
  });

  it("finds a delivery by its record, and shows its payload as text, whatever is in it", async () => {
    const markup = '<img src=x onerror="document.title=1">';
    await deliver(webhook, "003c", { Name: markup });
    await logged("outcome=synchronised", 2);
    await signIn();
    await page.getByRole("link", { name: "Deliveries", exact: true }).click();
    await page.getByLabel("Record").fill("003c");
    await page.getByRole("button", { name: "Search" }).click();
    const rows = page.getByRole("table", { name: "Deliveries" }).locator("tbody tr");
    await rows.filter({ hasText: "003c" }).waitFor();
    expect(await rows.count()).toBe(1);
    await rows.getByRole("link").first().click();
    expect(await page.getByLabel("The event as JSON").innerText()).toContain(JSON.stringify(markup));
    expect(await page.locator("img[src=x]").count()).toBe(0);
    await page.getByRole("link", { name: "All about it" }).click();
    await page.getByRole("heading", { level: 1, name: "Sync task" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: "Delivery" }).waitFor();
  });

  it("shows a webhook: its health, what to do, its set-up", async () => {
    await signIn();
    await page.getByRole("link", { name: "Webhooks", exact: true }).click();
    await page.getByRole("table", { name: "Webhooks" }).getByRole("link").first().click();
    await page.getByRole("heading", { name: "Health" }).waitFor();
    await page.getByText("percent failed").or(page.getByText("% failed")).waitFor();
    await page.getByRole("heading", { name: "Set-up" }).waitFor();
    expect(await page.getByText(webhook.registrationId).count()).toBeGreaterThan(0);
  });

  it("resolves a conflict side by side", async () => {
    const { mapping } = await ask<{ mapping: object }>("GET", "/mappings/salesforce/Contact");
    await ask("PUT", "/mappings/salesforce/Contact", { ...mapping, conflicts: { strategy: "manual" } });
    await deliver(webhook, "003d", { Phone: "1" });
    const shardOf = () =>
      ask<{ shards: readonly { shardId: string; externalId: string }[] }>("GET", "/shards?type=contact");
    const isThere = ({ shards }: Awaited<ReturnType<typeof shardOf>>) =>
      shards.some(({ externalId }) => externalId === "003d");
    const { shards } = await eventually(shardOf, isThere);
    const shardId = shards.find(({ externalId }) => externalId === "003d")?.shardId ?? "";
    await ask("PATCH", `/shards/${shardId}`, { fields: { phone: "ours" } });
    await deliver(webhook, "003d", { Phone: "theirs" });
    await eventually(
      () => ask<{ conflicts: readonly object[] }>("GET", "/conflicts"),
      ({ conflicts }) => conflicts.length === 1,
    );
    await signIn();
    await page.getByRole("link", { name: "Conflicts" }).click();
    await page.getByRole("link", { name: "Contact 003d" }).click();
    await page.getByRole("row").filter({ hasText: "ours" }).filter({ hasText: "theirs" }).waitFor();
    await page.getByLabel("phone from Castiel").check();
    await page.getByRole("button", { name: "Resolve as chosen" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Resolve" }).click();
    await page.getByText("resolved", { exact: true }).waitFor();
    expect(await ask("GET", `/shards/${shardId}`)).toMatchObject({ structuredData: { phone: "ours" } });
  });

  it("changes a rate limit, and says why one cannot be", async () => {
    await signIn();
    await page.getByRole("link", { name: "Rate limits" }).click();
    await page.getByLabel("All calls a minute").fill("120");
    await page.getByRole("button", { name: "Save the limits" }).click();
    await page.getByRole("row", { name: /^All calls to this provider 0 120/ }).waitFor();
    expect(await ask("GET", "/rate-limits/salesforce/status")).toMatchObject({ requestsPerMinute: 120 });
    await page.getByLabel("Integration").selectOption("GitHub");
    await page.getByRole("row", { name: /^All calls to this provider 0 360/ }).waitFor();
  });

  it("is used by keyboard alone: the focus follows, and can be seen", async () => {
    await page.keyboard.type("test-token");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.locator("#skip").focus();
    await page.keyboard.press("Enter");
    expect(await page.locator("main:focus").count()).toBe(1);
    await page.locator("#navigation a").nth(1).focus();
    await page.keyboard.press("Enter");
    await page.locator("h1:focus", { hasText: "Webhooks" }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.locator("input:focus").getAttribute("id")).toBe("text");
    const outline = await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
    expect(outline).toBe("solid");
    await page.locator("#hold").focus();
    await page.keyboard.press("Enter");
    await page.locator("#liveness", { hasText: "Held" }).waitFor();
  });

  it.each(["light", "dark"] as const)("can be read by everybody, in %s", async (colorScheme) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect(await auditPage(page)).toEqual([]);
    await signIn();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    const [delivery] = (await ask<{ deliveries: readonly { deliveryId: string }[] }>("GET", "/deliveries")).deliveries;
    const [conflict] = (
      await ask<{ conflicts: readonly { conflictId: string }[] }>("GET", "/conflicts?status=resolved")
    ).conflicts;
    const pages = [
      ["#/", "Overview"],
      ["#/webhooks", "Webhooks"],
      [`#/webhooks/${webhook.registrationId}`, "Webhook"],
      ["#/deliveries", "Deliveries"],
      [`#/deliveries/${delivery?.deliveryId ?? ""}`, "Delivery"],
      ["#/sync-tasks", "Sync tasks"],
      ["#/conflicts", "Conflicts"],
      [`#/conflicts/${conflict?.conflictId ?? ""}`, "Conflict"],
      ["#/rate-limits", "Rate limits"],
      ["#/nowhere", "No such page"],
    ] as const;
    for (const [hash, heading] of pages) {
      await visit(hash, heading);
      expect([hash, await auditPage(page)]).toEqual([hash, []]);
      await page.setViewportSize({ width: 400, height: 800 });
      const isTooWide = await page.evaluate<boolean>("document.documentElement.scrollWidth > innerWidth");
      expect([hash, isTooWide]).toEqual([hash, false]);
      await page.setViewportSize({ width: 1280, height: 800 });
    }
  });

  it("tells what the gateway answers, with its code", async () => {
    await signIn();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await visit("#/webhooks/webhook-unknown", "Webhook");
    await page.getByRole("alert").getByText("There is no such webhook.").waitFor();
    await page.getByRole("alert").getByText("registration_not_found").waitFor();
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
    await start({ DATA_DIRECTORY: dataDirectory });
  }, 120_000);
  afterAll(stop);
  beforeEach(open);
  afterEach(() => page.context().close());

  const elements = () => page.evaluate<number>("document.querySelectorAll('*').length");

  it("shows them at a glance, with as few questions as for one", async () => {
    await signIn();
    await page.getByRole("link", { name: "Webhooks 10K" }).waitFor();
    await page.getByRole("link", { name: "10K healthy" }).waitFor();
    expect(watched.asked.filter((path) => !path.startsWith("/dashboard"))).toEqual([
      "/webhooks",
      "/overview",
      "/deliveries",
    ]);
    expect(await elements()).toBeLessThan(1000);
  });

  it("lists them page by page", async () => {
    await signIn();
    await page.getByRole("link", { name: "Webhooks", exact: true }).click();
    await page.getByRole("button", { name: "Next page" }).click();
    await page.getByText("Page 2, 50 shown").waitFor();
    await page.getByRole("button", { name: "Previous page" }).click();
    await page.getByText("Page 1, 50 shown").waitFor();
    expect(await elements()).toBeLessThan(2000);
  });

  it("finds one by a note of it", async () => {
    await signIn();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.getByRole("link", { name: "Webhooks", exact: true }).click();
    await page.getByText("Page 1, 50 shown").waitFor();
    watched.asked.length = 0;
    await page.getByLabel("Text").fill("TEAM-7777");
    await page.getByRole("button", { name: "Search" }).click();
    const rows = page.getByRole("table", { name: "Webhooks" }).locator("tbody tr");
    await rows.filter({ hasText: "conn-7777" }).waitFor();
    expect(await rows.count()).toBe(1);
    // Each question reads 2,000 of them.
    expect(watched.asked.length).toBeLessThanOrEqual(COUNT / 2000);
  });
});
