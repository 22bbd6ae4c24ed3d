import { pauseWebhook, resumeWebhook } from "../../shared/usecases/pause-webhook";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { useDataFolder } from "../adapters/sqlite/data-folder";
import { codeOf, contactBody, openTestApp, seedSignature, type TestApp } from "../support/test-app";

const DAY_MS = 86_400_000;
const tenantId = "tenant-123";

const folder = useDataFolder();
let app: TestApp;
let webhook: NewRegistration;
afterEach(() => app.close());

/** Opens an app with these bounds, and one paused webhook. */
async function pauseWithBounds(maxEvents: number, maxDays: number): Promise<void> {
  app = await open(maxEvents, maxDays);
  webhook = await app.register();
  await pauseWebhook(app.services, key(), "ada");
}

async function open(maxEvents: number, maxDays: number): Promise<TestApp> {
  const bounds = { HOLD_MAX_EVENTS: String(maxEvents), HOLD_MAX_DAYS: String(maxDays) };
  const opened = await openTestApp({ DATA_DIRECTORY: folder(), ...bounds });
  jest.spyOn(opened.services.sync, "enqueueSyncTask");
  return opened;
}

/** Closes the app and opens it on the same data, as whoever changed a setting does. The clock is at noon again. */
async function reopen(maxEvents: number, maxDays: number): Promise<void> {
  await app.close();
  app = await open(maxEvents, maxDays);
}

const key = () => ({ tenantId, registrationId: webhook.registrationId });
const held = () => app.services.heldEvents.countOf(tenantId, webhook.registrationId);

/** Delivers changes of records, one after the other; answers for each whether it was held, queued, or refused by which code. */
async function deliver(...ids: readonly string[]): Promise<readonly string[]> {
  const outcomes: string[] = [];
  for (const id of ids) outcomes.push(await outcomeOf(id));
  return outcomes;
}

async function outcomeOf(id: string): Promise<string> {
  const body = JSON.stringify(contactBody("updated", id));
  const proof = {
    "x-salesforce-event-signature": seedSignature(webhook, body),
    "x-salesforce-event-id": `event-${id}`,
  };
  const delivered = app.deliver(webhook.registrationId, body, proof);
  const code = await codeOf(delivered);
  if (code !== "resolved") return code;
  const result = await delivered;
  return result.kind === "receipt" && result.receipt.held === true ? "held" : "queued";
}

async function health() {
  const stored = await app.services.registrations.find(webhook.registrationId);
  if (!stored) throw new Error("the webhook is gone");
  const { status, heldCount, recommendations } = await healthOf(app.services, stored.value);
  return { status, heldCount, advice: recommendations.join(" ") };
}

/** Resumes the webhook and drains the queue; answers the records that were synchronised, in order. */
async function resume(): Promise<readonly string[]> {
  await resumeWebhook(app.services, key());
  await app.drain();
  const calls = jest.mocked(app.services.sync.enqueueSyncTask).mock.calls;
  return calls.flatMap(([request]) => ("events" in request ? request.events.map(({ entityId }) => entityId) : []));
}

describe("the bound of events that are held", () => {
  beforeEach(() => pauseWithBounds(5, 7));

  it("is warned of from 80 % on", async () => {
    await deliver("1", "2", "3");
    expect(await health()).toMatchObject({ status: "healthy", heldCount: 3 });
    await deliver("4");
    expect(await health()).toMatchObject({ status: "degraded", heldCount: 4 });
    expect((await health()).advice).toContain("At 5 events or on 2026-12-01T12:00:00.000Z deliveries are answered 503");
  });

  it("once reached answers deliveries 503, and what is held is synchronised in order when the webhook is resumed", async () => {
    expect(await deliver("1", "2", "3", "4", "5", "6")).toEqual([...Array<string>(5).fill("held"), "hold_full"]);
    expect((await health()).advice).toContain("Deliveries are answered 503, because no more may be held");
    expect(await resume()).toEqual(["1", "2", "3", "4", "5"]);
    expect(await deliver("6")).toEqual(["queued"]);
    expect(await resume()).toEqual(["1", "2", "3", "4", "5", "6"]);
    expect(await held()).toBe(0);
  });

  it("answers a repetition of what is held 503 as well, which its provider repeats once more", async () => {
    await deliver("1", "2", "3", "4", "5");
    expect(await deliver("5")).toEqual(["hold_full"]);
    expect(await resume()).toEqual(["1", "2", "3", "4", "5"]);
  });
});

describe("the bound of the time for which is held", () => {
  beforeEach(() => pauseWithBounds(100, 2));

  it("is warned of from 80 % on", async () => {
    await deliver("1");
    app.advance(1.6 * DAY_MS - 1);
    expect(await health()).toMatchObject({ status: "healthy" });
    app.advance(1);
    expect(await health()).toMatchObject({ status: "degraded", heldCount: 1 });
  });

  it("once reached answers deliveries 503, and nothing that is held is lost", async () => {
    await deliver("1");
    app.advance(2 * DAY_MS - 1);
    expect(await deliver("2")).toEqual(["held"]);
    app.advance(1);
    expect(await deliver("3")).toEqual(["hold_full"]);
    app.advance(30 * DAY_MS);
    expect(await resume()).toEqual(["1", "2"]);
    expect(await deliver("3")).toEqual(["queued"]);
  });
});

describe("bounds that are lowered while a webhook is paused", () => {
  beforeEach(async () => {
    await pauseWithBounds(100, 7);
    await deliver("1", "2", "3");
  });

  it("discard nothing: what is held above them stays, and is synchronised when the webhook is resumed", async () => {
    await reopen(2, 7);
    expect(await deliver("4")).toEqual(["hold_full"]);
    expect(await health()).toMatchObject({ status: "degraded", heldCount: 3 });
    expect(await resume()).toEqual(["1", "2", "3"]);
    expect(await deliver("4")).toEqual(["queued"]);
  });

  it("count the time from when the webhook was paused", async () => {
    await reopen(100, 1);
    app.advance(3 * DAY_MS);
    expect(await deliver("4")).toEqual(["hold_full"]);
    expect(await resume()).toEqual(["1", "2", "3"]);
  });

  it("hold on where they are raised again", async () => {
    await reopen(2, 7);
    expect(await deliver("4")).toEqual(["hold_full"]);
    await reopen(200, 7);
    expect(await deliver("4")).toEqual(["held"]);
    expect(await resume()).toEqual(["1", "2", "3", "4"]);
  });
});
