import { createApp } from "../../shared/app";
import { registerWebhook } from "../../shared/usecases/register-webhook";
import { browserPath } from "../support/browser";
import { DashboardWorld, type NewWebhook } from "../support/dashboard-world";
import { newDataDirectory } from "../support/gateway";
import { makeDoorRecord } from "../support/make";

jest.setTimeout(120_000);
const inBrowser = browserPath === undefined ? describe.skip : describe;
const world = new DashboardWorld();
const MINUTE_MS = 60_000;

inBrowser("the charts of a busy webhook", () => {
  let busy: NewWebhook;
  let busier: NewWebhook;
  beforeAll(async () => {
    const dataDirectory = newDataDirectory();
    const { services, close } = await createApp({
      env: { CASTIEL_MODE: "embedded", DATA_DIRECTORY: dataDirectory },
      log: () => undefined,
    });
    const register = async (): Promise<NewWebhook> => {
      const asked = { tenantId: "tenant-123", integrationId: "salesforce", connectionId: "conn-123", events: ["*"] };
      const { registrationId, webhookSecret = "" } = await registerWebhook(services, asked);
      return { registrationId, webhookSecret };
    };
    const fill = async ({ registrationId }: NewWebhook, lines: number, from: number, to: number): Promise<void> => {
      const timeOf = (index: number): number => from + ((to - from) * index) / lines;
      const saved = Array.from({ length: lines }, (_, index) =>
        services.deliveries.save(makeDoorRecord({ registrationId, receivedAt: new Date(timeOf(index)).toISOString() })),
      );
      await Promise.all(saved);
    };
    busy = await register();
    busier = await register();
    const now = services.now();
    await fill(busy, 700, now - 50 * MINUTE_MS, now);
    await fill(busier, 2300, now - 46 * MINUTE_MS, now);
    await close();
    await world.start({ DATA_DIRECTORY: dataDirectory });
  }, 120_000);
  afterAll(() => world.stop());
  beforeEach(() => world.open());
  afterEach(() => world.close());

  const isDrawn = (what: RegExp): Promise<void> => world.page.getByText(what).waitFor();

  it("show within a minute or so what became of an event that was tried again for long", async () => {
    let becameOf: object = { outcome: "retrying" };
    await world.page.route("**/deliveries?*", async (route) => {
      const response = await route.fetch();
      const page = (await response.json()) as { readonly deliveries: readonly { readonly receivedAt: string }[] };
      const isOld = ({ receivedAt }: { readonly receivedAt: string }) =>
        Date.now() - Date.parse(receivedAt) > 40 * MINUTE_MS;
      const deliveries = page.deliveries.map((line) =>
        isOld(line) ? { ...line, verdict: "accepted", ...becameOf } : line,
      );
      await route.fulfill({ response, json: { ...page, deliveries } });
    });
    // Before anything is asked for, because answers that are under way are held against the clock.
    await world.page.clock.install({ time: new Date() });
    await world.enter();
    await world.visit(`#/webhooks/${busy.registrationId}`, "Webhook");
    await isDrawn(/^No event was synchronised/);
    becameOf = { outcome: "synchronised", latencyMs: 90_000 };
    await world.page.clock.fastForward(2 * MINUTE_MS);
    await isDrawn(/^Half within/);
  });

  it("are of the last hour still when more comes in at once than a look at the latest lines reads", async () => {
    await world.enter();
    await world.visit(`#/webhooks/${busy.registrationId}`, "Webhook");
    await isDrawn(/^700 lines in 1 h/);
    const deliveries = Array.from({ length: 600 }, (_, index) => `burst-${index}`);
    for (let sent = 0; sent < deliveries.length; sent += 50) {
      await Promise.all(deliveries.slice(sent, sent + 50).map((id) => world.deliver(busy, id)));
    }
    await isDrawn(/^1,300 lines in 1 h/);
  });

  it("are of as long a time as 2,000 lines reach back, however often they are drawn anew", async () => {
    await world.enter();
    await world.visit(`#/webhooks/${busier.registrationId}`, "Webhook");
    await isDrawn(/^2,000 lines in 4\d min/);
    await world.deliver(busier, "003-latest");
    await world.page.getByRole("table", { name: "Latest deliveries" }).getByText("003-latest").waitFor();
    await isDrawn(/^2,000 lines in 4\d min/);
  });
});
