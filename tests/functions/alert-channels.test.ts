import type { App } from "../../shared/app";
import { type AlertReceivers, startAlertReceivers } from "../support/alert-receivers";
import { apiToken } from "../support/api-token";
import { MailServer } from "../support/mail-server";
import { call, startFunctions, type TestReply } from "../support/function-app";

/** The routes of alerts and their channels. */
const both = ["webhooks.read", "webhooks.write"];
const API_TOKENS = JSON.stringify([
  apiToken("cwt_a", "tenant-a", both),
  apiToken("cwt_b", "tenant-b", both),
  apiToken("cwt_reader", "tenant-a", ["webhooks.read"]),
  apiToken("cwt_operator", "tenant-a", both, true),
]);
type Who = "a" | "b" | "reader" | "operator";

let app: App;
let receivers: AlertReceivers;
let mail: MailServer;
beforeEach(async () => {
  receivers = await startAlertReceivers();
  mail = await MailServer.start();
  app = await startFunctions({
    API_TOKENS,
    OUTBOUND_ALLOW_LOOPBACK: "true",
    ALERT_HOSTS: "alerts.example.com",
    PAGERDUTY_EVENTS_URL: receivers.pagerDutyUrl,
    SMTP_URL: `smtp://castiel:hunter2@127.0.0.1:${mail.port}`,
    SMTP_FROM: "alerts@example.com",
    ALERT_EMAIL_DOMAINS: "example.com, *.example.org",
  });
});
afterEach(async () => {
  await app.close();
  await receivers.server.stop();
  await mail.stop();
});

const methods = { put: "PUT", delete: "DELETE", test: "POST", get: "GET", list: "GET" } as const;

function ask(name: string, { as = "a", id = "team", json }: { as?: Who; id?: string; json?: unknown } = {}) {
  const verb = name.split("-")[0] as keyof typeof methods;
  return call(name, {
    method: methods[verb],
    headers: { authorization: `Bearer cwt_${as}` },
    ...(verb === "list" ? {} : { params: { channelId: id } }),
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
}

const slack = () => ({ kind: "slack", url: receivers.slackUrl });
const put = (json: unknown = { target: slack() }, as: Who = "a", id = "team"): Promise<TestReply> =>
  ask("put-alert-channel", { as, id, json });

describe("test messages", () => {
  it("are as many as a person needs, and no flood", async () => {
    await put();
    const answers: number[] = [];
    while (answers.at(-1) !== 429 && answers.length < 500) answers.push((await ask("test-alert-channel")).status);
    expect(answers.slice(0, 10)).toEqual(Array(10).fill(200));
    expect(answers.at(-1)).toBe(429);
    await put(undefined, "b");
    expect((await ask("test-alert-channel", { as: "b" })).status).toBe(200);
  });
});

describe("PUT /alert-channels/{channelId}", () => {
  it("refuses lists that go on for ever at once, and tells the first hundred problems", async () => {
    const conditions = Array.from({ length: 40_000 }, (_, index) => index);
    const refused = await put({ target: slack(), conditions, quietHours: { exempt: conditions } });
    expect(refused.status).toBe(400);
    expect(refused.json.problems.length).toBeLessThanOrEqual(100);
  });

  it("makes twenty for a tenant and no more, because one timer serves them all", async () => {
    for (let made = 0; made < 20; made++) expect((await put(undefined, "a", `c-${made}`)).status).toBe(201);
    expect(await put(undefined, "a", "c-20")).toMatchObject({ status: 400, json: { code: "invalid_request" } });
    expect((await put(undefined, "a", "c-0")).status).toBe(200);
    expect((await put(undefined, "b", "c-0")).status).toBe(201);
  });

  it("creates, then replaces; where it leads is never shown", async () => {
    const settings = {
      conditions: ["health", "silent"],
      integrations: ["github"],
      quietHours: { timeZone: "Europe/Zurich", from: "22:00", to: "07:00", exempt: ["critical"] },
      groupSeconds: 60,
    };
    const created = await put({ target: slack(), ...settings });
    const view = { channelId: "team", kind: "slack", service: false, status: "ready", waiting: 0, lost: 0 };
    expect(created).toMatchObject({ status: 201, json: { ...view, ...settings } });
    const replaced = await put({ conditions: ["health"] });
    expect(replaced).toMatchObject({ status: 200, json: { ...view, conditions: ["health"], groupSeconds: 0 } });
    expect(replaced.json.quietHours).toBeUndefined();
    const read = await ask("get-alert-channel", { as: "reader" });
    const listed = await ask("list-alert-channels", { as: "reader" });
    expect(listed.json).toEqual({ alertChannels: [read.json] });
    expect(JSON.stringify([created, replaced, read, listed])).not.toContain("hunter2");
  });

  it("makes a secret for a URL that brings none, and shows it this once", async () => {
    const target = { kind: "webhook", url: "https://alerts.example.com/castiel" };
    const { json } = await put({ target });
    expect(json.signingSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect((await put({ conditions: ["silent"] })).json.signingSecret).toBeUndefined();
    expect((await ask("get-alert-channel")).json.signingSecret).toBeUndefined();
    const own = { ...target, secret: `whsec_${Buffer.alloc(24, 7).toString("base64")}` };
    expect((await put({ target: own })).json.signingSecret).toBeUndefined();
  });

  it.each([
    ["no target for a new channel", {}, ["/target"]],
    ["a host that is not Slack's", { target: { kind: "slack", url: "https://evil.example.com/x" } }, ["/target/url"]],
    [
      "a host that is not of workflows",
      { target: { kind: "teams", url: "https://teams.example.com" } },
      ["/target/url"],
    ],
    ["http", { target: { kind: "slack", url: "http://hooks.slack.com/services/x" } }, ["/target/url"]],
    ["a host off the list", { target: { kind: "webhook", url: "https://other.example.com" } }, ["/target/url"]],
    [
      "a secret that is none",
      { target: { kind: "webhook", url: "https://alerts.example.com", secret: "whsec_x" } },
      ["/target/secret"],
    ],
    [
      "a time zone that is none",
      {
        target: { kind: "pagerduty", routingKey: "a".repeat(32) },
        quietHours: { timeZone: "X", from: "1:00", to: "02:00" },
      },
      ["/quietHours/from"],
    ],
    [
      "another time zone that is none",
      {
        target: { kind: "pagerduty", routingKey: "a".repeat(32) },
        quietHours: { timeZone: "X", from: "01:00", to: "02:00" },
      },
      ["/quietHours/timeZone"],
    ],
    [
      "an address in a domain off the list",
      { target: { kind: "email", to: ["a@example.com", "b@example.net"] } },
      ["/target/to/1"],
    ],
    ["a condition that is none", { conditions: ["weather"] }, ["/conditions/0"]],
    [
      "fields that are none",
      { target: { kind: "slack", url: "https://hooks.slack.com", x: 1 }, y: 2 },
      ["/target/x", "/y"],
    ],
  ])("refuses %s", async (_, body, paths) => {
    const { status, json } = await put(body);
    expect({ status, code: json.code }).toEqual({ status: 400, code: "invalid_request" });
    const told = json.problems.map(({ path }: { path: string }) => path);
    expect(paths.filter((path) => !told.includes(path))).toEqual([]);
  });

  it("takes the addresses that the vendors give out", async () => {
    const urls = [
      { kind: "slack", url: "https://hooks.slack.com/services/T0/B0/x" },
      {
        kind: "teams",
        url: "https://prod-12.westeurope.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke?sig=x",
      },
      { kind: "teams", url: "https://default0a.1b.environment.api.powerplatform.com:443/powerautomate/x?sig=x" },
    ];
    for (const target of urls) expect((await put({ target })).status).toBe(target === urls[0] ? 201 : 200);
  });

  it("lets operators alone say what concerns the service", async () => {
    expect(await put({ target: slack(), service: true })).toMatchObject({ status: 403, json: { code: "forbidden" } });
    expect((await put({ target: slack(), service: true }, "operator")).json.service).toBe(true);
    for (const name of ["put-alert-channel", "delete-alert-channel", "test-alert-channel"]) {
      expect((await ask(name, { json: { conditions: ["health"] } })).status).toBe(403);
    }
  });
});

describe("POST /alert-channels/{channelId}/test", () => {
  it("sends a message at once and tells how that went", async () => {
    await put({ target: slack(), quietHours: { timeZone: "UTC", from: "00:00", to: "00:00" } });
    expect(await ask("test-alert-channel")).toMatchObject({ status: 200, json: { delivered: true } });
    expect(receivers.slack).toEqual([expect.stringContaining("Test message")]);
    receivers.server.interrupt({ status: 404, html: "no_service" });
    expect((await ask("test-alert-channel")).json).toEqual({ delivered: false, reason: "status_404" });
    receivers.server.interrupt({ instead: "hang_up" });
    expect((await ask("test-alert-channel")).json.delivered).toBe(true);
  });

  it("reaches Teams, and leaves no incident open at PagerDuty", async () => {
    await put({ target: { kind: "teams", url: receivers.teamsUrl } });
    expect((await ask("test-alert-channel")).json).toEqual({ delivered: true });
    expect(JSON.stringify(receivers.teams)).toContain("Test message");
    await put({ target: { kind: "pagerduty", routingKey: receivers.routingKey } });
    expect((await ask("test-alert-channel")).json).toEqual({ delivered: true });
    expect([...receivers.incidents.values()]).toMatchObject([{ status: "resolved" }]);
  });
});

describe("a channel by mail", () => {
  it("goes to addresses that the operator allows, and is signed in for by the operator's sender", async () => {
    const to = ["ops@Example.com", "on-call@eu.example.org"];
    expect(await put({ target: { kind: "email", to } })).toMatchObject({ status: 201, json: { kind: "email" } });
    expect((await ask("test-alert-channel")).json).toEqual({ delivered: true });
    expect(mail.mails).toMatchObject([{ from: "alerts@example.com", to: to.map((address) => address.toLowerCase()) }]);
    expect(mail.logins).toEqual(["castiel:hunter2"]);
    expect(JSON.stringify((await ask("get-alert-channel")).json)).not.toContain("ops@");
  });

  it("is refused where no sender is set up", async () => {
    await app.close();
    app = await startFunctions({ API_TOKENS });
    const { json } = await put({ target: { kind: "email", to: ["ops@example.com"] } });
    expect(json.problems).toEqual([{ path: "/target/kind", message: "is not set up: there is no sender of mail" }]);
  });
});

describe("a tenant", () => {
  it("sees, changes, tests and deletes its own channels alone", async () => {
    await put({ target: slack() });
    await put({ target: slack(), conditions: ["silent"] }, "b");
    expect((await ask("get-alert-channel")).json.conditions).toBeUndefined();
    expect((await ask("list-alert-channels", { as: "b" })).json.alertChannels).toHaveLength(1);
    for (const name of ["get-alert-channel", "delete-alert-channel", "test-alert-channel"]) {
      const reply = await ask(name, { as: "b", id: "other" });
      expect(reply).toMatchObject({ status: 404, json: { code: "alert_channel_not_found" } });
    }
    expect((await ask("delete-alert-channel", { as: "b" })).status).toBe(204);
    expect((await ask("get-alert-channel", { as: "b" })).status).toBe(404);
    expect((await ask("get-alert-channel")).status).toBe(200);
    expect(receivers.slack).toEqual([]);
  });

  it("needs the scope to write for anything but reading", async () => {
    await put();
    for (const name of ["put-alert-channel", "delete-alert-channel", "test-alert-channel"]) {
      expect((await ask(name, { as: "reader", json: {} })).status).toBe(403);
    }
  });
});

describe("GET /alerts", () => {
  it("lists what is wrong, of the tenant alone, or what it was told of and is over, the latest first", async () => {
    const { services } = app;
    const owner = { tenantId: "tenant-a", tenantKey: services.tenantKeyOf("tenant-a") };
    const alert = {
      pk: owner.tenantKey,
      tenantId: owner.tenantId,
      schemaVersion: 1,
      condition: "silent",
      subject: { kind: "webhook", id: "webhook-1" },
      severity: "warning",
      cause: "c",
      nextStep: "n",
      changedAt: "2026-11-24T12:00:00.000Z",
      since: "2026-11-24T12:00:00.000Z",
      serial: 1,
    } as const;
    const closed = { ...alert, state: "closed", isLive: false, wasOpen: true } as const;
    await services.alerts.save({ ...alert, id: "alert-1", state: "open", isLive: true, wasOpen: true });
    await services.alerts.save({ ...closed, id: "alert-2" });
    await services.alerts.save({ ...closed, id: "alert-3", wasOpen: false });
    const later = "2026-11-24T13:00:00.000Z";
    await services.alerts.save({ ...closed, id: "alert-4", changedAt: later });
    const { json } = await ask("list-alerts");
    expect(json.alerts).toMatchObject([{ alertId: "alert-1", condition: "silent", state: "open", cause: "c" }]);
    expect((await ask("list-alerts", { as: "b" })).json).toEqual({ alerts: [] });
    const over = (as: Who) =>
      call("list-alerts", { headers: { authorization: `Bearer cwt_${as}` }, query: { ended: "true" } });
    expect((await over("a")).json.alerts).toMatchObject([
      { alertId: "alert-4", state: "closed", endedAt: later },
      { alertId: "alert-2", state: "closed", endedAt: alert.changedAt },
    ]);
    expect((await over("b")).json).toEqual({ alerts: [] });
  });

  it("lists what is wrong with the service for operators, and for nobody else", async () => {
    const at = new Date(app.services.now() - 3_600_000).toISOString();
    const subject = { kind: "queue", id: "sync-events" } as const;
    const finding = { condition: "queue_age", subject, severity: "warning", cause: "c", nextStep: "n" } as const;
    await app.services.alerts.save({
      ...finding,
      id: "alert-1",
      pk: "service",
      tenantId: "service",
      schemaVersion: 1,
      state: "open",
      changedAt: at,
      since: at,
      serial: 1,
      isLive: true,
      wasOpen: true,
    });
    const list = (token: string, query: Readonly<Record<string, string>>) =>
      call("list-alerts", { headers: { authorization: `Bearer ${token}` }, query });
    expect((await list("cwt_operator", { service: "true" })).json.alerts).toMatchObject([finding]);
    expect((await list("cwt_operator", {})).json.alerts).toEqual([]);
    expect(await list("cwt_a", { service: "true" })).toMatchObject({ status: 403, json: { code: "forbidden" } });
  });
});
