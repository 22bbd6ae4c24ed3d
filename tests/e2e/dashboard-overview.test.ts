import type { TenantSummary } from "../../shared/core/tenant-summary";
import { browserPath } from "../support/browser";
import { DashboardWorld } from "../support/dashboard-world";

jest.setTimeout(120_000);
const inBrowser = browserPath === undefined ? describe.skip : describe;
const world = new DashboardWorld();

/** The real overview, as it would be where the store failed for some. */
inBrowser("webhooks that could not be looked at", () => {
  beforeAll(async () => {
    await world.start();
    await world.register();
  });
  afterAll(() => world.stop());
  beforeEach(() => world.open());
  afterEach(() => world.close());

  async function attentionWith(unseen: number): Promise<string> {
    await world.page.route("**/overview", async (route) => {
      const response = await route.fetch();
      const overview = (await response.json()) as { readonly summary: TenantSummary };
      const webhooks = { ...overview.summary.webhooks, unseen };
      await route.fulfill({ response, json: { ...overview, summary: { ...overview.summary, webhooks } } });
    });
    await world.enter();
    const panel = world.page.getByRole("region", { name: "Needs attention" });
    await panel.getByText("No alert is open.").waitFor();
    return panel.innerText();
  }

  it("are not called healthy on the overview", async () => {
    const text = await attentionWith(2);
    expect(text).toContain("2 webhooks could not be looked at");
    expect(text).not.toContain("Every webhook is healthy");
  });

  it("are not spoken of where there are none", async () => {
    const text = await attentionWith(0);
    expect(text).not.toContain("could not be looked at");
    expect(text).toContain("Every webhook is healthy");
  });
});
