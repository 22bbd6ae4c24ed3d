import { createWebhookService, type WebhookService } from "../../shared/usecases/webhook-management.service";
import { codeOf, contactBody, openTestApp, type TestApp } from "../support/test-app";

let app: TestApp;
let webhookService: WebhookService;
beforeEach(async () => {
  app = await openTestApp();
  webhookService = createWebhookService(app.services);
});
afterEach(() => app.close());

describe("WebhookService, called as the seed calls it", () => {
  it("registerWebhook(tenantId, integrationId, connectionId, events) answers the URL and the secret", async () => {
    const registration = await webhookService.registerWebhook("tenant-123", "salesforce", "conn-456", [
      "Contact.created",
      "Contact.updated",
    ]);
    expect(registration.webhookUrl).toMatch(/^https:\/\/hooks\.example\.com\/webhooks\/webhook-/);
    expect(registration.webhookSecret).toMatch(/^whsec_/);
    expect(registration.status).toBe("active");
  });

  it("registerWebhook refuses an unknown integration and patterns that are none", async () => {
    expect(await codeOf(webhookService.registerWebhook("tenant-123", "myspace", "conn", ["*"]))).toBe(
      "unknown_integration",
    );
    expect(await codeOf(webhookService.registerWebhook("tenant-123", "github", "conn", ["a b"]))).toBe(
      "invalid_request",
    );
  });

  it("checkWebhookHealth(registrationId) answers status, failures, last event and recommendations", async () => {
    const registration = await webhookService.registerWebhook("tenant-123", "salesforce", "conn-456", ["*"]);
    await app.deliverSigned(registration, contactBody());
    await app.drain();
    const health = await webhookService.checkWebhookHealth(registration.registrationId);
    expect(health).toMatchObject({
      status: "healthy",
      failureCount: 0,
      failureRate: 0,
      lastEventAt: "2026-11-24T12:00:00.000Z",
      recommendations: [],
    });
  });

  it("checkWebhookHealth refuses an unknown id", async () => {
    expect(await codeOf(webhookService.checkWebhookHealth("webhook-abc123"))).toBe("registration_not_found");
  });

  it("listRegistrations(tenantId, integrationId?) lists a tenant's webhooks, of one integration if named", async () => {
    await webhookService.registerWebhook("tenant-123", "salesforce", "conn-1", ["Contact.created"]);
    await webhookService.registerWebhook("tenant-123", "github", "conn-2", ["issues.*"]);
    await webhookService.registerWebhook("tenant-456", "github", "conn-3", ["*"]);
    const all = await webhookService.listRegistrations("tenant-123");
    expect(all.map((webhook) => webhook.integrationId).sort()).toEqual(["github", "salesforce"]);
    const [only] = await webhookService.listRegistrations("tenant-123", "salesforce");
    expect(only?.events).toEqual(["Contact.created"]);
  });

  it("getUnhealthyWebhooks(tenantId) lists those with failures, each with its first recommendation", async () => {
    const wrong = await webhookService.registerWebhook("tenant-123", "salesforce", "conn-1", ["*"]);
    await webhookService.registerWebhook("tenant-123", "salesforce", "conn-2", ["*"]);
    await codeOf(app.deliverSigned({ ...wrong, webhookSecret: "wrong" }, contactBody()));
    const unhealthy = await webhookService.getUnhealthyWebhooks("tenant-123");
    expect(unhealthy).toMatchObject([{ registrationId: wrong.registrationId, status: "failed" }]);
    expect(unhealthy[0]?.recommendations[0]).toContain("The signature does not match");
  });
});
