import type { App } from "../../shared/app";
import {
  APP_SECRET,
  ask,
  deliverGitHub,
  deliverSlack,
  healthOf,
  map,
  queued,
  queuedFor,
  recordsOf,
  registerShared,
  registerTarget,
  slackBody,
  slackBodyOf,
  startShared,
} from "../support/shared-webhooks";

/** One app of a vendor, many tenants: an event reaches whom an operator mapped its account to, and nobody else ever. */
const FORM = { "content-type": "application/x-www-form-urlencoded" };

let app: App;
let shared: string;
let a: { readonly registrationId: string; readonly webhookSecret: string };
let b: typeof a;
beforeEach(async () => {
  app = await startShared();
  shared = await registerShared();
  a = await registerTarget("a");
  b = await registerTarget("b");
});
afterEach(() => app.close());

describe("a delivery to a shared webhook", () => {
  it("is queued as if it had been delivered to the webhook that its workspace is mapped to", async () => {
    const target = await registerTarget("a", { retryPolicy: { maxRetries: 7, backoffSeconds: 9 } });
    await map(shared, "T1", target.registrationId);
    await map(shared, "T2", b.registrationId);
    const body = slackBodyOf("T1");
    expect(await deliverSlack(shared, body)).toMatchObject({
      status: 200,
      json: { success: true, eventName: "message.created", syncTriggered: true, deliveryId: body.event_id },
    });
    const [message, ...others] = await queued(app);
    expect(others).toEqual([]);
    expect(message).toMatchObject({
      source: `/webhooks/${target.registrationId}`,
      data: {
        tenantId: "tenant-a",
        connectionId: "conn-a",
        integrationId: "slack",
        deliveryId: body.event_id,
        retryPolicy: { maxRetries: 7, backoffSeconds: 9 },
      },
    });
  });

  it("has the message id that it would have had there, so that the same delivery there is a duplicate", async () => {
    await map(shared, "T1", a.registrationId);
    const body = slackBodyOf("T1");
    await deliverSlack(shared, body);
    await deliverSlack(a.registrationId, body, { secret: a.webhookSecret });
    expect(await queued(app)).toHaveLength(1);
  });

  it("counts in the health and the log of that webhook, and in those of no other tenant", async () => {
    await map(shared, "T1", a.registrationId);
    await deliverSlack(shared, slackBodyOf("T1"));
    await deliverSlack(shared, slackBody({ team_id: "T1" }, { type: "5" }));
    expect(await healthOf("a", a.registrationId)).toMatchObject({ counts: { accepted: 1, ignored: 1, routed: 0 } });
    expect(await healthOf("operator", shared)).toMatchObject({
      status: "healthy",
      counts: { accepted: 0, ignored: 0, routed: 2 },
      recommendations: [],
    });
    expect(await recordsOf(app, "a", a.registrationId)).toMatchObject([
      { reason: "unknown_shape", connectionId: "conn-a" },
    ]);
    expect(await recordsOf(app, "operator", shared)).toEqual([]);
    expect(await recordsOf(app, "b", b.registrationId)).toEqual([]);
    expect(await healthOf("b", b.registrationId)).toMatchObject({ counts: { accepted: 0, ignored: 0 } });
  });

  it("is matched by the events that the mapped webhook asked for", async () => {
    await ask("update-webhook", {
      as: "a",
      params: { registrationId: a.registrationId },
      json: { events: ["reaction.*"] },
    });
    await map(shared, "T1", a.registrationId);
    await map(shared, "T2", b.registrationId);
    expect((await deliverSlack(shared, slackBodyOf("T1"))).json).toMatchObject({ syncTriggered: false });
    expect((await deliverSlack(shared, slackBodyOf("T2"))).json).toMatchObject({ syncTriggered: true });
    expect(await queuedFor(app)).toEqual([`tenant-b ${b.registrationId}`]);
    expect(await recordsOf(app, "a", a.registrationId)).toMatchObject([
      { verdict: "ignored", reason: "not_asked_for" },
    ]);
  });

  it("is read by the settings of the mapped webhook, and by those of the app where it has none", async () => {
    const own = await registerTarget("b", { verification: { ignoreBotIds: ["B2"], ignoreAppIds: ["A2"] } });
    const guarded = await registerShared("slack", { verification: { ignoreAppIds: ["A1"] } });
    await map(guarded, "T1", a.registrationId);
    await map(guarded, "T2", own.registrationId);
    const answersTo = async (event: object) => [
      (await deliverSlack(guarded, slackBodyOf("T1", event))).json.ignored,
      (await deliverSlack(guarded, slackBodyOf("T2", event))).json.ignored,
    ];
    expect(await answersTo({ app_id: "A1" })).toEqual(["own_bot", undefined]);
    expect(await answersTo({ app_id: "A2" })).toEqual([undefined, "own_bot"]);
    expect(await answersTo({ bot_id: "B2" })).toEqual([undefined, "own_bot"]);
  });

  it("that repeats is a duplicate", async () => {
    await map(shared, "T1", a.registrationId);
    const body = slackBodyOf("T1");
    await deliverSlack(shared, body);
    expect((await deliverSlack(shared, body, { headers: { "x-slack-retry-num": "1" } })).json).toMatchObject({
      duplicate: true,
    });
    expect(await queuedFor(app)).toEqual([`tenant-a ${a.registrationId}`]);
    expect(await recordsOf(app, "a", a.registrationId)).toMatchObject([
      { verdict: "duplicate", attempt: { number: 1 } },
    ]);
  });

  it("goes once to each webhook that one of its installations is mapped to", async () => {
    for (const [team, { registrationId }] of [
      ["T1", a],
      ["T2", b],
      ["T3", a],
    ] as const)
      await map(shared, team, registrationId);
    const authorizations = ["T1", "T2", "T3"].map((team) => ({ team_id: team }));
    const { json } = await deliverSlack(shared, slackBody({ team_id: "T1", authorizations }));
    expect(json).toMatchObject({ syncTriggered: true });
    expect(await queuedFor(app)).toEqual([`tenant-a ${a.registrationId}`, `tenant-b ${b.registrationId}`]);
  });

  it("of a button or a command is answered with nothing, and queued for who asked for it by name", async () => {
    await map(shared, "T1", (await registerTarget("a", { events: ["slash_command.*"] })).registrationId);
    await map(shared, "T2", b.registrationId);
    const command = (team: string) =>
      new URLSearchParams({ command: "/weather", team_id: team, trigger_id: `1.${team}`, text: "Oslo" }).toString();
    for (const team of ["T1", "T2", "T3"]) {
      const reply = await deliverSlack(shared, command(team), { headers: FORM });
      expect(reply).toMatchObject({ status: 200, text: undefined, json: undefined });
    }
    expect(await queued(app)).toMatchObject([{ data: { tenantId: "tenant-a", nativeType: "slash_command.weather" } }]);
  });

  it("that checks the URL is answered by the shared webhook itself", async () => {
    const reply = await deliverSlack(shared, {
      type: "url_verification",
      challenge: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
    });
    expect(reply).toMatchObject({ status: 200, text: expect.stringContaining("3eZbrw1aBm2rZgRN") });
    expect(await healthOf("operator", shared)).toMatchObject({ counts: { handshake: 1, ignored: 0 } });
  });
});

describe("a workspace that is mapped to nobody", () => {
  it("is answered 200, recorded with its id at the shared webhook, and queued for nobody", async () => {
    await map(shared, "T1", a.registrationId);
    const body = slackBodyOf("T2");
    expect(await deliverSlack(shared, body)).toMatchObject({
      status: 200,
      json: { success: true, syncTriggered: false, ignored: "unrouted", deliveryId: body.event_id },
    });
    expect(await queued(app)).toEqual([]);
    expect(await recordsOf(app, "operator", shared)).toMatchObject([
      {
        verdict: "ignored",
        reason: "unrouted",
        detail: "No webhook takes what is of workspace T2.",
        deliveryId: body.event_id,
        eventNames: ["message.created"],
      },
    ]);
  });

  it("stands in the health of the shared webhook with what to do, until it is mapped", async () => {
    for (let times = 0; times < 3; times++) await deliverSlack(shared, slackBodyOf("T2"));
    await deliverSlack(shared, slackBodyOf("T3"));
    const { status, recommendations } = await healthOf("operator", shared);
    expect(status).toBe("healthy");
    expect(recommendations.sort()).toEqual([
      expect.stringMatching(/^1 delivery of workspace T3 \(the last on .*Z\) is mapped to nobody: PUT /),
      expect.stringMatching(
        new RegExp(
          `^3 deliveries of workspace T2 \\(.*\\) are mapped to nobody: PUT /webhooks/${shared}/routes/T2 with {`,
        ),
      ),
    ]);
    await map(shared, "T2", a.registrationId);
    expect((await healthOf("operator", shared)).recommendations).toEqual([expect.stringContaining("T3")]);
    expect((await deliverSlack(shared, slackBodyOf("T2"))).json).toMatchObject({ syncTriggered: true });
  });

  it("does not keep the others of a delivery from it", async () => {
    await map(shared, "T1", a.registrationId);
    const authorizations = [{ team_id: "T2" }, { team_id: "T1" }];
    expect((await deliverSlack(shared, slackBody({ authorizations }))).json).toMatchObject({ syncTriggered: true });
    expect(await queuedFor(app)).toEqual([`tenant-a ${a.registrationId}`]);
    expect(await recordsOf(app, "operator", shared)).toMatchObject([
      { reason: "unrouted", detail: expect.stringContaining("T2") },
    ]);
  });

  it("is what a workspace is again once its route is deleted", async () => {
    await map(shared, "T1", a.registrationId);
    await deliverSlack(shared, slackBodyOf("T1"));
    await ask("delete-route", { params: { registrationId: shared, accountId: "T1" } });
    expect((await deliverSlack(shared, slackBodyOf("T1"))).json).toMatchObject({ ignored: "unrouted" });
    expect(await queued(app)).toHaveLength(1);
  });

  it.each([
    ["names no workspace", slackBody(), "It names no workspace."],
    ["is no JSON", "not json", "It names no workspace."],
    [
      "names one in a form that is not known",
      slackBody({ team_id: "T1", authorizations: {} }),
      "It names no workspace.",
    ],
  ])("is that of a delivery that %s", async (_, body, detail) => {
    await map(shared, "T1", a.registrationId);
    expect(await deliverSlack(shared, body)).toMatchObject({ status: 200, json: { ignored: "unrouted" } });
    expect(await queued(app)).toEqual([]);
    expect(await recordsOf(app, "operator", shared)).toMatchObject([{ reason: "unrouted", detail }]);
  });
});

describe("a webhook that a workspace is mapped to", () => {
  const goneAdvice = "is mapped to a webhook that is gone or switched off";

  it("takes nothing while it is switched off, and the operator reads why", async () => {
    await map(shared, "T1", a.registrationId);
    await ask("update-webhook", {
      as: "a",
      params: { registrationId: a.registrationId },
      json: { status: "inactive" },
    });
    expect((await deliverSlack(shared, slackBodyOf("T1"))).json).toMatchObject({ ignored: "unrouted" });
    expect((await healthOf("operator", shared)).recommendations).toEqual([expect.stringContaining(goneAdvice)]);
    await ask("update-webhook", { as: "a", params: { registrationId: a.registrationId }, json: { status: "active" } });
    expect((await deliverSlack(shared, slackBodyOf("T1"))).json).toMatchObject({ syncTriggered: true });
    expect((await healthOf("operator", shared)).recommendations).toEqual([]);
  });

  it("may be deleted by its tenant, and leaves its workspaces to nobody", async () => {
    await map(shared, "T1", a.registrationId);
    expect((await ask("unregister-webhook", { as: "a", params: { registrationId: a.registrationId } })).status).toBe(
      204,
    );
    expect((await deliverSlack(shared, slackBodyOf("T1"))).json).toMatchObject({ ignored: "unrouted" });
    expect((await healthOf("operator", shared)).recommendations).toEqual([expect.stringContaining(goneAdvice)]);
  });

  it("leaves its workspaces to nobody, not to the organisation's other tenant", async () => {
    await map(shared, "T1", a.registrationId);
    await map(shared, "E1", b.registrationId);
    const body = () => slackBody({ authorizations: [{ team_id: "T1", enterprise_id: "E1" }] });
    await deliverSlack(shared, body());
    await ask("unregister-webhook", { as: "a", params: { registrationId: a.registrationId } });
    expect((await deliverSlack(shared, body())).json).toMatchObject({ ignored: "unrouted" });
    expect(await queuedFor(app)).toEqual([`tenant-a ${a.registrationId}`]);
  });

  it("keeps receiving at its own URL, with its own secret", async () => {
    await map(shared, "T1", a.registrationId);
    const own = await deliverSlack(a.registrationId, slackBodyOf("T7"), { secret: a.webhookSecret });
    expect(own).toMatchObject({ status: 200, json: { syncTriggered: true } });
    expect(await queuedFor(app)).toEqual([`tenant-a ${a.registrationId}`]);
  });
});

describe("one tenant", () => {
  it("cannot deliver to another: not with a secret of its own, nor with the app's to another's URL", async () => {
    await map(shared, "T1", a.registrationId);
    const forged = [
      await deliverSlack(shared, slackBodyOf("T1"), { secret: b.webhookSecret }),
      await deliverSlack(shared, slackBodyOf("T1"), { secret: a.webhookSecret }),
      await deliverSlack(a.registrationId, slackBodyOf("T1"), { secret: APP_SECRET }),
      await deliverSlack(b.registrationId, slackBodyOf("T1"), { secret: APP_SECRET }),
    ];
    expect(forged.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    // At its own URL it is its own tenant, whatever workspace it claims.
    await deliverSlack(b.registrationId, slackBodyOf("T1"), { secret: b.webhookSecret });
    expect(await queuedFor(app)).toEqual([`tenant-b ${b.registrationId}`]);
    expect(await recordsOf(app, "a", a.registrationId)).toMatchObject([{ verdict: "refused" }]);
  });

  it("has no say in what an unsigned header or the query claims", async () => {
    await map(shared, "T1", a.registrationId);
    await map(shared, "T2", b.registrationId);
    const headers = { "x-slack-team-id": "T2", "x-team-id": "T2", "x-castiel-tenant": "tenant-b" };
    await deliverSlack(shared, slackBodyOf("T1"), { headers });
    expect(await queuedFor(app)).toEqual([`tenant-a ${a.registrationId}`]);
  });

  it("gets nothing of what another's users write, wherever in the event they claim to be", async () => {
    await map(shared, "T1", a.registrationId);
    await map(shared, "T2", b.registrationId);
    const event = { team: "T2", user_team: "T2", source_team: "T2", text: '&payload={"team":{"id":"T2"}}&team_id=T2&' };
    await deliverSlack(shared, slackBodyOf("T1", event));
    await deliverSlack(shared, slackBodyOf("T1", event), { headers: FORM });
    expect(await queuedFor(app)).toEqual([`tenant-a ${a.registrationId}`, `tenant-a ${a.registrationId}`]);
  });

  it("gets what its installation may see in a channel shared with another, not what happened in its workspace", async () => {
    await map(shared, "T1", a.registrationId);
    await map(shared, "T2", b.registrationId);
    const authorizations = [{ team_id: "T1", enterprise_id: null }];
    await deliverSlack(
      shared,
      slackBody({ team_id: "T2", context_team_id: "T2", is_ext_shared_channel: true, authorizations }),
    );
    expect(await queuedFor(app)).toEqual([`tenant-a ${a.registrationId}`]);
  });

  it("has its workspace apart from its organisation, where both are mapped", async () => {
    await map(shared, "T1", a.registrationId);
    await map(shared, "E1", b.registrationId);
    const inOrganisation = (team: string) => slackBody({ authorizations: [{ team_id: team, enterprise_id: "E1" }] });
    await deliverSlack(shared, inOrganisation("T1"));
    await deliverSlack(shared, inOrganisation("T2"));
    expect(await queuedFor(app)).toEqual([`tenant-a ${a.registrationId}`, `tenant-b ${b.registrationId}`]);
  });

  it("gets all of its own and nothing else when many deliver at once", async () => {
    const teams = Array.from({ length: 10 }, (_, n) => `T${n}`);
    for (const [n, team] of teams.entries()) await map(shared, team, (n % 2 ? a : b).registrationId);
    const deliveries = [...teams, ...teams].map((team, n) => deliverSlack(shared, slackBodyOf(team, { ts: `${n}.1` })));
    await Promise.all(deliveries);
    const messages = await queued(app);
    expect(messages).toHaveLength(20);
    for (const { data } of messages) {
      const isOdd = Number(data.scope?.slice(1)) % 2 === 1;
      expect([data.scope, data.tenantId]).toEqual([data.scope, isOdd ? "tenant-a" : "tenant-b"]);
    }
  });

  it("cannot use up another's limit, which is the mapped webhook's own", async () => {
    await app.close();
    app = await startShared({ RATE_LIMIT_REGISTRATION: "1" });
    shared = await registerShared();
    [a, b] = [await registerTarget("a"), await registerTarget("b")];
    await map(shared, "T1", a.registrationId);
    await map(shared, "T2", b.registrationId);
    const statuses: number[] = [];
    for (let n = 0; n < 25; n++) statuses.push((await deliverSlack(shared, slackBodyOf("T1"))).status);
    expect(statuses.at(-1)).toBe(429);
    expect((await deliverSlack(shared, slackBodyOf("T2"))).status).toBe(200);
    expect((await healthOf("a", a.registrationId)).counts.rateLimited).toBeGreaterThan(0);
    expect((await healthOf("b", b.registrationId)).counts.rateLimited).toBe(0);
    expect((await healthOf("operator", shared)).counts.rateLimited).toBe(0);
  });
});

describe("what the vendor says about one account", () => {
  it.each([
    ["app_uninstalled", {}, "the app was uninstalled"],
    ["tokens_revoked", { tokens: { bot: ["U1"], oauth: [] } }, "tokens of the app were revoked"],
  ])("of Slack marks the webhook that it is mapped to, and no other: %s", async (type, fields, advice) => {
    await map(shared, "T1", a.registrationId);
    await map(shared, "T2", b.registrationId);
    await deliverSlack(shared, slackBody({ team_id: "T1" }, { type, ...fields }));
    expect(await healthOf("a", a.registrationId)).toMatchObject({
      status: "degraded",
      recommendations: [expect.stringContaining(advice)],
    });
    for (const [who, id] of [
      ["b", b.registrationId],
      ["operator", shared],
    ] as const) {
      expect((await healthOf(who, id)).recommendations.join(" ")).not.toContain(advice);
    }
  });

  it("tells the tenant alone that its events are limited", async () => {
    await map(shared, "T1", a.registrationId);
    const limited = { type: "app_rate_limited", team_id: "T1", minute_rate_limited: 1, api_app_id: "A1" };
    expect((await deliverSlack(shared, limited)).json).toMatchObject({ ignored: "app_rate_limited" });
    expect((await healthOf("a", a.registrationId)).recommendations).toEqual([
      expect.stringContaining("drops the rest"),
    ]);
    expect((await healthOf("operator", shared)).recommendations).toEqual([]);
  });

  it("is no concern of anybody where the account is mapped to nobody", async () => {
    await deliverSlack(shared, slackBody({ team_id: "T9" }, { type: "app_uninstalled" }));
    const { status, recommendations } = await healthOf("operator", shared);
    expect(status).toBe("healthy");
    expect(recommendations).toEqual([expect.stringContaining("T9")]);
  });
});

describe("a GitHub App", () => {
  const issue = {
    action: "opened",
    issue: { id: 1, number: 1, title: "It broke" },
    repository: { id: 7, full_name: "o/r" },
  };
  const of = (id: number, body: object = issue) => ({ ...body, installation: { id, node_id: "x" } });
  let github: string;
  let mine: typeof a;
  let theirs: typeof a;
  beforeEach(async () => {
    github = await registerShared("github");
    mine = await registerTarget("a", {}, "github");
    theirs = await registerTarget("b", {}, "github");
    await map(github, "41", mine.registrationId);
    await map(github, "42", theirs.registrationId);
  });

  it("delivers each installation's events to whom it is mapped to", async () => {
    await deliverGitHub(github, "issues", of(41));
    await deliverGitHub(github, "issues", of(42));
    expect(await deliverGitHub(github, "issues", of(43))).toMatchObject({ status: 200, json: { ignored: "unrouted" } });
    expect(await queuedFor(app)).toEqual([`tenant-a ${mine.registrationId}`, `tenant-b ${theirs.registrationId}`]);
    expect((await healthOf("operator", github)).recommendations).toEqual([
      expect.stringContaining("1 delivery of installation 43"),
    ]);
  });

  it("delivers what came before its installation was mapped, once it is redelivered", async () => {
    const delivery = of(43);
    const id = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
    expect((await deliverGitHub(github, "issues", delivery, { id })).json).toMatchObject({ ignored: "unrouted" });
    await map(github, "43", mine.registrationId);
    expect((await deliverGitHub(github, "issues", delivery, { id })).json).toMatchObject({ syncTriggered: true });
    expect(await queuedFor(app)).toEqual([`tenant-a ${mine.registrationId}`]);
  });

  it("marks the webhook whose installation was deleted or suspended, until that sends again", async () => {
    const start = app.services.now();
    const clock = jest.spyOn(app.services, "now").mockReturnValue(start);
    await deliverGitHub(github, "installation", of(41, { action: "suspend" }));
    expect(await healthOf("a", mine.registrationId)).toMatchObject({
      status: "degraded",
      recommendations: [expect.stringContaining("GitHub says that the installation of the app was suspended")],
    });
    clock.mockReturnValue(start + 1);
    await deliverGitHub(github, "installation", of(41, { action: "unsuspend" }));
    expect((await healthOf("a", mine.registrationId)).status).toBe("healthy");
    await deliverGitHub(github, "installation", of(41, { action: "deleted" }));
    expect((await healthOf("a", mine.registrationId)).recommendations).toEqual([
      expect.stringContaining("GitHub says that the app was uninstalled"),
    ]);
    expect((await healthOf("b", theirs.registrationId)).status).toBe("healthy");
    expect((await healthOf("operator", github)).status).toBe("healthy");
  });

  it("leaves with the operator what concerns the app and no installation", async () => {
    const reply = await deliverGitHub(github, "meta", { action: "deleted", hook_id: 7, hook: { id: 7, type: "App" } });
    expect(reply).toMatchObject({ status: 200, json: { ignored: "unrouted" } });
    expect(await queued(app)).toEqual([]);
    expect(await recordsOf(app, "operator", github)).toMatchObject([
      { reason: "unrouted", detail: "It names no installation.", eventNames: ["hook.deleted"] },
    ]);
    expect((await healthOf("operator", github)).recommendations).toEqual([
      expect.stringContaining("this webhook was deleted there"),
    ]);
    expect((await healthOf("a", mine.registrationId)).status).toBe("healthy");
  });

  it("answers the ping of its webhook", async () => {
    expect(await deliverGitHub(github, "ping", { zen: "Keep it logically awesome.", hook_id: 7 })).toMatchObject({
      status: 200,
    });
    expect(await healthOf("operator", github)).toMatchObject({ counts: { handshake: 1 } });
  });

  it("maps no workspace", async () => {
    const json = { registrationId: mine.registrationId };
    const reply = await ask("put-route", { params: { registrationId: github, accountId: "T1" }, json });
    expect(reply).toMatchObject({ status: 400, json: { problems: [{ message: "is no installation of GitHub" }] } });
  });
});
