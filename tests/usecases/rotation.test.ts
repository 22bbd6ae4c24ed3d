import { createHmac } from "node:crypto";
import { getDelivery, listDeliveries } from "../../shared/usecases/list-deliveries";
import { listAudit } from "../../shared/usecases/list-audit";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { requireOwn } from "../../shared/usecases/require-own";
import { type RotateReply, type RotateRequest, rotateSecret } from "../../shared/usecases/rotate-secret";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { codeOf, contactBody, openTestApp, seedSignature, type TestApp } from "../support/test-app";

/** The change of a secret that the owner enters at the provider. */
let app: TestApp;
let webhook: NewRegistration;
beforeEach(async () => {
  app = await openTestApp();
  webhook = await app.register();
});
afterEach(() => app.close());

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const own = () => ({ tenantId: "tenant-123", registrationId: webhook.registrationId });
const rotate = (request: RotateRequest = {}): Promise<RotateReply> => rotateSecret(app.services, own(), request);
const view = () => requireOwn(app.services, own());
const health = async () => healthOf(app.services, await view());
const runTimer = () => recomputeHealth(app.services);

const caller = { tenantId: "tenant-123", subject: "ada", scopes: new Set([]), isOperator: false } as const;
const entries = async () => (await listAudit(app.services, caller, { limit: 10 })).entries;

let serial = 0;
/** A delivery that is signed by a secret; `accepted`, or the code of the refusal. */
async function deliverWith(secret: string | undefined): Promise<string> {
  const answer = app.deliverSigned(
    { ...webhook, webhookSecret: secret ?? "" },
    contactBody("updated", `003-${++serial}`),
  );
  const code = await codeOf(answer);
  return code === "resolved" ? "accepted" : code;
}

describe("while a secret is being changed", () => {
  it("both verify, and the new one is shown this once", async () => {
    const { webhookSecret, rotation, setup } = await rotate();
    expect(webhookSecret).toMatch(/^whsec_/);
    expect(webhookSecret).not.toBe(webhook.webhookSecret);
    expect(rotation).toMatchObject({ startedBy: "owner", quietSeconds: 86_400 });
    expect(Date.parse(rotation?.deadline ?? "") - app.services.now()).toBe(7 * DAY);
    expect(setup.join(" ")).toContain("enter the new secret at Salesforce in place of the old one");
    expect(await deliverWith(webhook.webhookSecret)).toBe("accepted");
    expect(await deliverWith(webhookSecret)).toBe("accepted");
    expect(await deliverWith("whsec_forged")).toBe("delivery_refused");
    expect(JSON.stringify(await view())).not.toContain(webhookSecret);
  });

  it("each delivery says which one signed it, and health how often either was used", async () => {
    const { webhookSecret } = await rotate();
    await deliverWith(webhook.webhookSecret);
    app.advance(1000);
    await deliverWith(webhookSecret);
    await deliverWith(webhookSecret);
    await app.drain();
    const { deliveries } = await listDeliveries(app.services, "tenant-123", { fields: {}, limit: 10 });
    const details = await Promise.all(
      deliveries.map(({ deliveryId }) => getDelivery(app.services, { tenantId: "tenant-123", deliveryId })),
    );
    expect(details.map(({ request }) => request?.signedWith).sort()).toEqual(["current", "current", "previous"]);
    expect((await health()).secret?.rotation).toMatchObject({ currentUses: 2, previousUses: 1, isAlarming: false });
    expect((await health()).recommendations.join(" ")).toContain(
      "2 deliveries were signed with the new one, 1 with the",
    );
  });

  it("no second change begins, and one of another kind needs the secret itself", async () => {
    await rotate();
    expect(await codeOf(rotate())).toBe("rotation_open");
    await rotate({ end: "finish" });
    await updateWebhook(app.services, own(), { webhookSecret: "a secret of theirs" });
    expect(await codeOf(rotate())).toBe("invalid_request");
    expect(await codeOf(rotate({ webhookSecret: "another of theirs" }))).toBe("resolved");
  });

  it("a secret that is set at once takes the place of both", async () => {
    const { webhookSecret } = await rotate();
    await updateWebhook(app.services, own(), { webhookSecret: "set at once" });
    expect(await view()).not.toHaveProperty("rotation");
    for (const secret of [webhook.webhookSecret, webhookSecret]) {
      expect(await deliverWith(secret)).toBe("delivery_refused");
    }
    expect(await deliverWith("set at once")).toBe("accepted");
  });
});

describe("the old secret", () => {
  it("is retired by the timer once only the new one was seen for the set time", async () => {
    const { webhookSecret } = await rotate({ quietHours: 2 });
    app.advance(HOUR);
    await deliverWith(webhook.webhookSecret);
    await deliverWith(webhookSecret);
    app.advance(2 * HOUR - 1);
    await runTimer();
    expect(await view()).toHaveProperty("rotation");
    app.advance(1);
    await runTimer();
    expect(await view()).not.toHaveProperty("rotation");
    expect(await deliverWith(webhook.webhookSecret)).toBe("delivery_refused");
    expect(await deliverWith(webhookSecret)).toBe("accepted");
    expect((await health()).failureReasons[0]?.reason).toBe("previous_secret");
  });

  it("is retired after so many deliveries by the new one in a row", async () => {
    const { webhookSecret } = await rotate({ quietDeliveries: 3 });
    for (const secret of [webhookSecret, webhookSecret, webhook.webhookSecret, webhookSecret, webhookSecret]) {
      await deliverWith(secret);
    }
    await runTimer();
    expect(await view()).toHaveProperty("rotation");
    await deliverWith(webhookSecret);
    await runTimer();
    expect(await view()).not.toHaveProperty("rotation");
  });

  it("is not retired by one delivery that somebody repeats, nor by what asks for nothing", async () => {
    const { webhookSecret = "" } = await rotate({ quietDeliveries: 3 });
    await updateWebhook(app.services, own(), { events: ["Contact.*"] });
    const send = (sobject: string, id: string) => {
      const body = JSON.stringify({ action: "updated", sobject: { name: sobject, fields: { Id: id } } });
      const signature = seedSignature({ webhookSecret }, body);
      const headers = { "x-salesforce-event-signature": signature, "x-salesforce-event-id": `event-${id}` };
      return app.deliver(webhook.registrationId, body, headers);
    };
    for (let again = 0; again < 5; again++) {
      await send("Contact", "003");
      await send("Account", "001");
    }
    await runTimer();
    expect((await health()).secret?.rotation).toMatchObject({ currentUses: 1 });
    expect(await deliverWith(webhook.webhookSecret)).toBe("accepted");
  });

  it("is retired at the deadline, of which health warns while it is in use", async () => {
    await rotate({ overlapHours: 48 });
    await deliverWith(webhook.webhookSecret);
    await runTimer();
    expect(await health()).toMatchObject({ status: "healthy" });
    app.advance(36 * HOUR);
    await deliverWith(webhook.webhookSecret);
    const alarmed = await health();
    expect(alarmed).toMatchObject({ status: "degraded", secret: { rotation: { isAlarming: true } } });
    expect(alarmed.recommendations.join(" ")).toContain("Salesforce still used the old one at");
    app.advance(12 * HOUR);
    await runTimer();
    expect(await deliverWith(webhook.webhookSecret)).toBe("delivery_refused");
  });

  it("is retired at once by its owner", async () => {
    const { webhookSecret } = await rotate();
    expect(await rotate({ end: "finish" })).not.toHaveProperty("rotation");
    expect(await deliverWith(webhook.webhookSecret)).toBe("delivery_refused");
    expect(await deliverWith(webhookSecret)).toBe("accepted");
    expect(await codeOf(rotate({ end: "finish" }))).toBe("rotation_not_open");
    expect(await codeOf(rotate({ end: "cancel" }))).toBe("rotation_not_open");
  });

  it("counts again when its owner cancels, and then it is the new one that is on its way out", async () => {
    const { webhookSecret } = await rotate({ overlapHours: 10 });
    app.advance(HOUR);
    const { rotation, setup } = await rotate({ end: "cancel" });
    expect(rotation).toMatchObject({ startedBy: "owner" });
    expect(setup[0]).toContain("Let Salesforce use the secret from before");
    expect(await deliverWith(webhookSecret)).toBe("accepted");
    app.advance(10 * HOUR);
    await runTimer();
    expect(await deliverWith(webhookSecret)).toBe("delivery_refused");
    expect(await deliverWith(webhook.webhookSecret)).toBe("accepted");
  });

  it("leaves with an entry in the audit log, by the service", async () => {
    await rotate({ overlapHours: 1 });
    app.advance(HOUR);
    await runTimer();
    await runTimer();
    expect(await entries()).toMatchObject([
      { action: "retire-secret", by: { subject: "service" }, before: { rotation: {} } },
    ]);
  });

  it("leaves with a warning before its deadline if it is in use, once, which stands in the audit log as well", async () => {
    await rotate({ overlapHours: 48, quietHours: 12, quietDeliveries: 500 });
    app.advance(36 * HOUR);
    await runTimer();
    expect(await entries()).toEqual([]);
    await deliverWith(webhook.webhookSecret);
    await runTimer();
    const warnedAt = new Date(app.services.now()).toISOString();
    app.advance(HOUR);
    await runTimer();
    expect(await entries()).toEqual([
      expect.objectContaining({
        action: "warn-of-secret-deadline",
        by: { subject: "service", tenantId: "tenant-123", isOperator: false },
        before: { rotation: expect.objectContaining({ quietSeconds: 43_200, quietDeliveries: 500 }) },
        after: { rotation: expect.objectContaining({ warnedAt }) },
      }),
    ]);
    expect(app.logged.filter(({ event }) => event === "secret.deadline_near")).toHaveLength(1);
    expect((await view()).rotation).toMatchObject({ warnedAt });
    expect((await rotate({ end: "cancel" })).rotation).not.toHaveProperty("warnedAt");
  });
});

describe("an imported secret", () => {
  it("verifies by the provider's scheme, and the one of ours that it replaces by the seed's", async () => {
    webhook = await app.register({ integrationId: "notion" });
    const token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
    await rotate({ webhookSecret: token });
    expect(await view()).toMatchObject({ verification: { scheme: "native" }, secretOrigin: "imported" });
    const time = String(app.services.now() / 1000);
    const body = JSON.stringify({ type: "page.created", entity: { id: "p1", type: "page" } });
    const deliver = (secret: string | undefined, signed: string): Promise<string> => {
      const digest = createHmac("sha256", secret ?? "")
        .update(signed)
        .digest("hex");
      const headers = { "x-notion-request-timestamp": time, "x-notion-signature": `sha256=${digest}` };
      return codeOf(app.deliver(webhook.registrationId, body, headers));
    };
    expect(await deliver(token, body)).toBe("resolved");
    expect(await deliver(webhook.webhookSecret, `${time}.${body}`)).toBe("resolved");
    expect(await deliver(webhook.webhookSecret, body)).toBe("delivery_refused");
    expect(await deliver(token, `${time}.${body}`)).toBe("delivery_refused");
    await rotate({ end: "cancel" });
    expect(await view()).toMatchObject({ verification: { scheme: "seed" }, secretOrigin: "generated" });
    expect(await deliver(token, body)).toBe("resolved");
    expect(await deliver(webhook.webhookSecret, `${time}.${body}`)).toBe("resolved");
  });
});

describe("a webhook that proves its deliveries otherwise", () => {
  it("has no secret to change", async () => {
    webhook = await app.register({ integrationId: "google" });
    expect(await codeOf(rotate())).toBe("secret_not_used");
    expect(await health()).not.toHaveProperty("secret");
  });
});

describe("a secret's age", () => {
  it("is told by health, which says when it is due, and nothing changes by itself where the owner has to enter it", async () => {
    const secret = async () => (await health()).secret;
    expect((await secret())?.dueAt).toBe(new Date(app.services.now() + 90 * DAY).toISOString());
    app.advance(90 * DAY);
    await runTimer();
    expect(await view()).not.toHaveProperty("rotation");
    expect((await health()).recommendations.join(" ")).toContain("rotate-secret, which loses no delivery");
    await rotate();
    await rotate({ end: "finish" });
    expect((await secret())?.dueAt).toBe(new Date(app.services.now() + 90 * DAY).toISOString());
    expect((await health()).recommendations.join(" ")).not.toContain("rotate-secret");
  });

  it("is no matter where the settings say so", async () => {
    await app.close();
    app = await openTestApp({ SECRET_MAX_AGE_DAYS: "0" });
    webhook = await app.register();
    app.advance(1000 * DAY);
    expect((await health()).secret).not.toHaveProperty("dueAt");
    expect((await health()).recommendations.join(" ")).not.toContain("rotate-secret");
  });
});
