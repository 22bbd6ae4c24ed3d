import type { QueueDepth } from "../../shared/core/ports";
import { browserPath } from "../support/browser";
import { DashboardWorld } from "../support/dashboard-world";

jest.setTimeout(120_000);
const inBrowser = browserPath === undefined ? describe.skip : describe;
const world = new DashboardWorld();

/** The real overview, as it would be with another queue: the embedded one is drained before anybody can look. */
inBrowser("the queue in the dashboard", () => {
  beforeAll(async () => {
    await world.start();
    await world.register();
  });
  afterAll(() => world.stop());
  beforeEach(() => world.open());
  afterEach(() => world.close());

  /** The tiles of the overview that are about the queue. */
  async function tilesWith(queue: QueueDepth | undefined): Promise<readonly string[]> {
    await world.page.route("**/overview", async (route) => {
      const response = await route.fetch();
      const { queue: _, ...overview } = (await response.json()) as object & { queue?: unknown };
      await route.fulfill({ response, json: { ...overview, queue } });
    });
    await world.enter();
    const tiles = world.page.getByRole("list", { name: "Figures" }).locator(".tile");
    await tiles.first().waitFor();
    return (await tiles.allInnerTexts())
      .map((text) => text.replaceAll(/\s+/g, " "))
      .filter((text) => /queue|wait/i.test(text));
  }

  it("shows how much it holds, and for how long the oldest event has waited", async () => {
    const queue = { active: 3, scheduled: 2, deadLettered: 1, oldestAt: Date.now() - 12.4 * 60_000 };
    expect(await tilesWith(queue)).toEqual([
      "In the queue 5",
      "Longest wait 12 min",
      expect.stringMatching(/^Dead in the queue .*1$/),
    ]);
  });

  it("shows the age alone where the queue tells nothing else, as on Azure", async () => {
    expect(await tilesWith({ oldestAt: Date.now() - 3 * 3_600_000 })).toEqual(["Longest wait 3 h"]);
  });

  it.each([[{ oldestAt: null }], [{}], [undefined]])("shows nothing of a queue that tells %j", async (queue) => {
    expect(await tilesWith(queue)).toEqual([]);
  });
});
