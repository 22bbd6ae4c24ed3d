import { apiToken } from "../support/api-token";
import { browserPath } from "../support/browser";
import { DashboardWorld, type NewWebhook } from "../support/dashboard-world";
import { eventually } from "../support/gateway";

jest.setTimeout(120_000);
const inBrowser = browserPath === undefined ? describe.skip : describe;
const world = new DashboardWorld();
const TENANT = "tenant-123";
const READER = "may-only-read";

/** What whoever runs the gateway looks at and sets, beside the webhooks themselves. */
inBrowser("operating in the dashboard", () => {
  let webhook: NewWebhook;
  beforeAll(async () => {
    await world.start({
      API_TOKENS: JSON.stringify([
        apiToken("test-token", TENANT, ["webhooks.read", "webhooks.write"]),
        apiToken(READER, TENANT, ["webhooks.read"]),
      ]),
    });
    webhook = await world.register();
  });
  afterAll(() => world.stop());
  beforeEach(() => world.open());
  afterEach(() => world.close());

  const pathOf = ({ registrationId }: NewWebhook): string => `/webhooks/${registrationId}`;
  const rowsOf = (name: string) => world.page.getByRole("table", { name }).locator("tbody tr");

  describe("the audit log", () => {
    it("shows who changed a webhook, and what was before and after", async () => {
      await world.ask("PATCH", pathOf(webhook), { events: ["Contact.*", "Account.*"] });
      await world.enter();
      await world.visit(`#${pathOf(webhook)}`, "Webhook");
      await world.page.getByRole("link", { name: "Who changed it" }).click();
      const row = rowsOf("Changes").filter({ hasText: "update-webhook" });
      await row.getByText(/^token:[0-9a-f]{12}$/).waitFor();
      await row.getByText("events: was Contact.* → is Contact.*, Account.*").waitFor();
      await row.getByRole("link", { name: pathOf(webhook) }).click();
      await world.page.getByRole("heading", { level: 1, name: "Webhook", exact: true }).waitFor();
    });

    it("is searched by the action, page by page, and the search is in the address", async () => {
      const limits = Array.from({ length: 52 }, (_, index) => ({ requestsPerMinute: index + 1 }));
      for (const limit of limits) await world.ask("PUT", "/rate-limits/github/limit", limit);
      await world.enter();
      await world.page.getByRole("link", { name: "Audit log" }).click();
      await world.page.getByLabel("Action").fill("set-rate-limit");
      await world.page.getByRole("button", { name: "Search" }).click();
      await world.page.getByText("Page 1, 50 shown").waitFor();
      await world.page.getByRole("button", { name: "Next page" }).click();
      await world.page.getByText("Page 2, 2 shown").waitFor();
      expect(world.page.url()).toContain("#/audit?action=set-rate-limit");
      await world.page.reload();
      await world.page.getByText("Page 1, 50 shown").waitFor();
      expect(await world.page.getByLabel("Action").inputValue()).toBe("set-rate-limit");
    });

    it("says what is not an affair of the token's", async () => {
      await world.enter();
      await world.visit("#/audit?tenantId=another", "Audit log");
      await world.page.getByRole("alert").getByText("forbidden").waitFor();
      await world.page.getByText("of another tenant needs an operator's").waitFor();
    });

    it("says what it would hold where it holds nothing", async () => {
      await world.enter();
      await world.visit("#/audit?action=no-such-action", "Audit log");
      await world.page.getByText("No change is like that.").waitFor();
      await world.page.getByRole("link", { name: "All changes" }).click();
      await rowsOf("Changes").first().waitFor();
    });
  });

  describe("a paused integration", () => {
    const states = async (): Promise<readonly (string | undefined)[]> => {
      const path = "/webhooks?integrationId=salesforce";
      const { webhooks } = await world.ask<{ webhooks: readonly { pause?: { state: string } }[] }>("GET", path);
      return webhooks.map(({ pause }) => pause?.state);
    };

    it("holds what all its webhooks receive, says how much and within which bounds, and lets it go on", async () => {
      const second = await world.register();
      await world.enter();
      await world.visit("#/webhooks", "Webhooks");
      await rowsOf("Webhooks").first().getByRole("link", { name: "salesforce" }).click();
      await world.page.getByRole("button", { name: "Pause all" }).click();
      await world.page.getByText("Paused now: 0 of 2 webhooks. Held: 0 events.").waitFor();
      await world.page.keyboard.press("Escape");
      expect(await states()).toEqual([undefined, undefined]);
      expect(await world.page.locator("#pause-all:focus").count()).toBe(1);
      await world.page.keyboard.press("Enter");
      await world.agree("Pause all");
      await world.page.locator("#pause-all:disabled").waitFor();
      expect(await states()).toEqual(["paused", "paused"]);
      for (const id of ["003a", "003b"]) expect(await world.deliver(second, id)).toMatchObject({ held: true });
      await world.page.reload();
      await world.page.getByText("2 of at most 10,000").waitFor();
      await rowsOf("Webhooks").filter({ hasText: "2 events held" }).getByRole("link").first().click();
      await world.page.getByText("2 events of at most 10,000, until").waitFor();
      await world.page.getByRole("link", { name: "salesforce" }).click();
      await world.page.getByRole("button", { name: "Resume all" }).click();
      await world.agree("Resume all");
      await world.logged("outcome=synchronised", 2);
      await eventually(states, (found) => found.every((state) => state === undefined));
      await world.page.locator("#resume-all:disabled").waitFor();
    });

    it("is not paused by whoever may only read, who is told why", async () => {
      await world.signIn(READER);
      await world.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
      await world.visit("#/webhooks?integrationId=salesforce", "Webhooks");
      await world.page.getByRole("button", { name: "Pause all" }).click();
      await world.agree("Pause all");
      await world.page.getByRole("dialog").getByText("needs a token with the scope webhooks.write").waitFor();
      expect(await states()).toEqual([undefined, undefined]);
    });
  });

  it.each(["light", "dark"] as const)("can be read by everybody, in %s", async (colorScheme) => {
    await world.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await world.enter();
    for (const [hash, heading] of [
      ["#/audit", "Audit log"],
      ["#/webhooks?integrationId=salesforce", "Webhooks"],
    ] as const) {
      await world.visit(hash, heading);
      await world.expectReadable();
    }
  });
});
