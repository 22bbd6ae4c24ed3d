import type { App } from "../../shared/app";
import { registerWebhook } from "../../shared/usecases/register-webhook";
import { call, startFunctions } from "../support/function-app";

/** What providers read of an answer besides its status. */
let app: App;
beforeEach(async () => {
  app = await startFunctions();
});
afterEach(() => app.close());

const register = (request: object) =>
  registerWebhook(app.services, {
    tenantId: "tenant-123",
    integrationId: "salesforce",
    connectionId: "conn-123",
    events: ["*"],
    ...request,
  });

describe("receive-webhook", () => {
  it("answers an Outbound Message in XML, and our receipt to everybody else", async () => {
    const organizationId = "00Dxx0000001gEREAY";
    const webhook = await register({ verification: { scheme: "outbound-message", organizationId } });
    const body = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>${organizationId}</OrganizationId><Notification/></notifications></e:Body></e:Envelope>`;
    const reply = await call("receive-webhook", {
      method: "POST",
      params: { registrationId: webhook.registrationId },
      headers: { "content-type": "text/xml" },
      body,
    });
    expect(reply).toMatchObject({ status: 200, headers: { "content-type": "text/xml; charset=utf-8" } });
    expect(reply.headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    expect(reply.json).toBeUndefined();
  });

  it.each([
    ["slack", "1"],
    ["github", undefined],
  ])("tells %s not to repeat what was refused, if it asks for that", async (integrationId, noRetry) => {
    const webhook = await register({ integrationId });
    const params = { registrationId: webhook.registrationId };
    const reply = await call("receive-webhook", { method: "POST", params, body: "{}" });
    expect(reply).toMatchObject({ status: 401, json: { code: "delivery_refused" } });
    expect(reply.headers["x-slack-no-retry"]).toBe(noRetry);
    expect(Object.keys(reply.json)).toEqual(["type", "title", "status", "code"]);
  });
});
