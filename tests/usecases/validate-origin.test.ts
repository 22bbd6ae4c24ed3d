import { updateWebhook } from "../../shared/usecases/update-webhook";
import { validateOrigin } from "../../shared/usecases/validate-origin";
import { makeRegistration } from "../support/make";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";

let app: TestApp;
beforeEach(async () => {
  app = await openTestApp({ RATE_LIMIT_REGISTRATION: "2" });
});
afterEach(() => app.close());

const question = (registrationId: string, differences: object = {}) => ({
  registrationId,
  origin: "eventgrid.azure.net",
  requestedRate: null,
  remoteAddress: "203.0.113.7",
  ...differences,
});
const register = () => app.register({ integrationId: "cloudevents" });

describe("a sender of CloudEvents that asks whether it may deliver", () => {
  it.each([
    ["nothing", null, 120],
    ["less than may be", "60", 60],
    ["more than may be", "100000", 120],
    ["what is no rate", "-1", 120],
    ["no rate at all", "0", 120],
  ])("may, at the rate it asks for or as many as are allowed: %s", async (_, requestedRate, allowedRate) => {
    const { registrationId } = await register();
    expect(await validateOrigin(app.services, question(registrationId, { requestedRate }))).toEqual({
      allowedOrigin: "eventgrid.azure.net",
      allowedRate,
    });
  });

  it.each([
    ["no origin", null],
    ["an empty one", ""],
    ["everybody", "*"],
    ["a URL", "https://eventgrid.azure.net"],
    ["two origins", "a.example, b.example"],
    ["an endless one", "a.".repeat(200)],
  ])("learns nothing with %s", async (_, origin) => {
    const { registrationId } = await register();
    expect(await codeOf(validateOrigin(app.services, question(registrationId, { origin })))).toBe(
      "registration_not_found",
    );
  });

  it("learns nothing of a webhook that is unknown, switched off, deleted or another provider's", async () => {
    const { registrationId } = await register();
    const github = await app.register({ integrationId: "github" });
    await updateWebhook(app.services, { tenantId: "tenant-123", registrationId }, { status: "inactive" });
    for (const id of [registrationId, github.registrationId, `${registrationId.slice(0, -1)}a`, "webhook-1"]) {
      expect(await codeOf(validateOrigin(app.services, question(id)))).toBe("registration_not_found");
    }
  });

  it("asks after only so many webhooks that are unknown", async () => {
    const codes = new Set<string>();
    for (let asked = 0; asked < 200; asked++) {
      codes.add(await codeOf(validateOrigin(app.services, question(makeRegistration().id))));
    }
    expect(codes).toEqual(new Set(["registration_not_found", "rate_limited"]));
  });

  it("verifies nothing by asking: the webhook and its health stay as they were, and the owner sees it", async () => {
    const { registrationId } = await register();
    await codeOf(app.deliver(registrationId, "{}", {}));
    await validateOrigin(app.services, question(registrationId));
    await app.services.gatherer.flush();
    const { items } = await app.services.deliveries.list("tenant-123", registrationId, 10);
    expect(items.map(({ verdict, reason }) => [verdict, reason])).toEqual(
      expect.arrayContaining([
        ["handshake", "origin_validation"],
        ["refused", "token_missing"],
      ]),
    );
    const stored = await app.services.registrations.find(registrationId);
    expect(stored?.value.isVerified).toBe(false);
    const activity = await app.services.gatherer.activityOf({
      registrationId,
      pk: stored?.value.pk ?? "",
      tenantId: "tenant-123",
    });
    expect(activity.refusedInRow).toBe(1);
  });

  it("may not ask all day", async () => {
    const { registrationId } = await register();
    const codes = new Set<string>();
    for (let asked = 0; asked < 150; asked++)
      codes.add(
        await codeOf(
          validateOrigin(app.services, question(registrationId)).then(() => Promise.reject(new Error("allowed"))),
        ),
      );
    expect(codes).toEqual(new Set(["Error: allowed", "rate_limited"]));
  });
});
