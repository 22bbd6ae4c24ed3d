import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Proof } from "../../shared/core/provider";
import { notion } from "../../shared/providers/notion";
import { trust } from "../../shared/providers/trust";
import { contractNow, describeScheme } from "../contracts/provider";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";

const source = { type: "automation", automation_id: "au-1", action_id: "ac-1", event_id: "ev-1", attempt: 1 };
const page = {
  object: "page",
  id: "1782edd6a8534d4ab02c9c8c16f28e53",
  created_time: "2026-11-24T08:00:00.000Z",
  last_edited_time: "2026-11-24T08:30:00.000Z",
  created_by: { object: "user", id: "c7c11cca" },
  last_edited_by: { object: "user", id: "c7c11cca" },
  parent: { type: "database_id", database_id: "d-1" },
  properties: { Status: { type: "status", status: { name: "Done" } } },
  url: "https://www.notion.so/x",
};
const body = Buffer.from(JSON.stringify({ source, data: page }));

const parse = (content: unknown) =>
  notion.parse(trust(new DeliveryRequest(new Headers(), Buffer.from(JSON.stringify(content)))), contractNow, {
    scheme: "shared-secret",
  });

describe.each([undefined, "X-Our-Own"])("Notion, scheme shared-secret, header %s", (secretHeader) => {
  const header = (secretHeader ?? "x-castiel-secret").toLowerCase();
  describeScheme({
    provider: notion,
    scheme: "shared-secret",
    settings: secretHeader === undefined ? {} : { secretHeader },
    body,
    headers: (_, secret) => ({ [header]: secret }),
    proofHeader: header,
    coversBody: false,
    encoding: "none",
    mismatch: "secret_mismatch",
    corruptProof: (value) => value.replace(/.$/, "!"),
  });
});

describe("the header with the secret", () => {
  const proof = (settings: object): Proof => ({
    scheme: "shared-secret",
    secrets: ["s"],
    settings: { scheme: "shared-secret", ...settings },
    toleranceSeconds: 300,
    now: contractNow,
  });
  const requestOf = (headers: Record<string, string>) => new DeliveryRequest(new Headers(headers), body);

  it("is the usual one where the setting is no header's name", () => {
    const request = requestOf({ "x-castiel-secret": "s" });
    expect(notion.verify(request, proof({ secretHeader: "no header" }))).toBe(request);
  });

  it("is no other: a signature in its place is told as that", () => {
    const signed = requestOf({ "x-notion-signature": "sha256=1" });
    expect(() => notion.verify(signed, proof({}))).toThrow("header_missing");
    expect(notion.explain?.(signed, proof({}), "header_missing")).toMatchObject({ reason: "other_scheme" });
    expect(notion.explain?.(signed, proof({}), "secret_mismatch")).toBeUndefined();
  });
});

describe("what an automation or a button sends", () => {
  it("is a page that was updated, with the properties that were chosen and without the people", () => {
    const { created_by: _, last_edited_by: __, ...data } = page;
    expect(parse({ source, data: page })).toEqual({
      deliveryId: "ev-1:ac-1",
      events: [
        {
          entityType: "page",
          eventType: "updated",
          entityId: "1782edd6-a853-4d4a-b02c-9c8c16f28e53",
          nativeType: "page.automation",
          nativeAction: "automation",
          occurredAt: "2026-11-24T08:30:00.000Z",
          version: { kind: "time", value: Date.UTC(2026, 10, 24, 8, 30) },
          completeness: "partial",
          data,
        },
      ],
    });
  });

  it("says by what it was sent, and which attempt it is", () => {
    const again = parse({ source: { ...source, type: "button", attempt: 3 }, data: page });
    expect(again).toMatchObject({ attempt: { number: 2 }, events: [{ nativeType: "page.button" }] });
    for (const attempt of [1, 0, -1, 1.5, "2", 1e300, null]) {
      expect(parse({ source: { ...source, attempt }, data: page }).attempt).toBeUndefined();
    }
  });

  it("does without a source", () => {
    const parsed = parse({ data: { object: "page", id: "x" } });
    expect(parsed).toMatchObject({ events: [{ entityId: "x", nativeType: "page.automation" }] });
    expect(parsed.deliveryId).toBeUndefined();
    expect(parse({ source: { type: "A b" }, data: page }).events[0]?.nativeType).toBe("page.automation");
  });

  it.each([
    [{}],
    [[]],
    [null],
    ["x"],
    [{ data: [] }],
    [{ data: { object: "page" } }],
    [{ data: { object: "user", id: "x" } }],
  ])("is not %j", (content) => {
    expect(parse(content)).toEqual({ events: [], ignored: "unknown_shape" });
  });
});

describe("a webhook for automations", () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await openTestApp();
  });
  afterEach(() => app.close());

  it("gets a secret and says in which header it belongs, and keeps no token that comes along", async () => {
    const verification = { scheme: "shared-secret", secretHeader: "X-Our-Own" };
    const webhook = await app.register({ integrationId: "notion", verification });
    expect(webhook).toMatchObject({ status: "active", secretOrigin: "generated" });
    expect(webhook.setup.join(" ")).toContain("add X-Our-Own with webhookSecret as its value");
    const hello = JSON.stringify({ verification_token: "secret_x" });
    expect(await codeOf(app.deliver(webhook.registrationId, hello, {}))).toBe("delivery_refused");
    const headers = { "x-our-own": webhook.webhookSecret ?? "" };
    expect(await app.deliver(webhook.registrationId, body, headers)).toMatchObject({
      receipt: { eventName: "page.updated", nativeType: "page.automation", syncTriggered: true },
    });
  });
});
