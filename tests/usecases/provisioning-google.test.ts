import type { HookTarget } from "../../shared/core/provider-hook";
import type { NewRegistration, RegisterRequest } from "../../shared/usecases/register-webhook";
import { listRepairs } from "../../shared/usecases/list-repairs";
import { provisionWebhook } from "../../shared/usecases/provision-webhook";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import { renewHooks } from "../../shared/usecases/renew-hooks";
import { requireOwn } from "../../shared/usecases/require-own";
import { rotateSecret } from "../../shared/usecases/rotate-secret";
import { unregisterWebhook } from "../../shared/usecases/unregister-webhook";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { connect } from "../support/connections";
import { noon } from "../support/make";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";
import { GoogleStandIn } from "../support/vendors/google";
import type { Channel, GoogleHooks } from "../support/vendors/google-hooks";

/** Webhooks that are set up at Google by its APIs, and stay set up although nearly everything there expires. */
let google: GoogleStandIn;
let hooks: GoogleHooks;
let app: TestApp;

beforeEach(async () => {
  google = await GoogleStandIn.start();
  google.now = noon;
  hooks = google.hooks;
  hooks.topics.add("projects/acme-1/topics/changes");
  app = await openTestApp({
    GOOGLE_API_URL: `${google.server.url}/{service}`,
    GOOGLE_TOKEN_URL: `${google.server.url}/token`,
    OUTBOUND_ALLOW_LOOPBACK: "true",
  });
  await connect(app, "google", { kind: "bearer", token: google.tokens.accessToken });
});
afterEach(async () => {
  await app.close();
  await google.server.stop();
});

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const topic = { project: "acme-1", topic: "changes" } as const;
const serviceAccountEmail = "push@acme-1.iam.gserviceaccount.com";
const own = (registrationId: string) => ({ tenantId: "tenant-123", registrationId });
const view = (registrationId: string) => requireOwn(app.services, own(registrationId));

function register(target: HookTarget, overrides: Partial<RegisterRequest> = {}): Promise<NewRegistration> {
  const proof = "topic" in target ? { verification: { serviceAccountEmail } } : {};
  return app.register({ integrationId: "google", provision: true, target, ...proof, ...overrides });
}

/** Lets time go by, with the timer at work every five minutes; answers how often it had something to do. */
async function live(ms: number): Promise<number> {
  let due = 0;
  for (let gone = 0; gone < ms; gone += 5 * MINUTE) {
    app.advance(5 * MINUTE);
    google.now += 5 * MINUTE;
    due += (await renewHooks(app.services)).due;
  }
  return due;
}

/** A notification of a channel, as Google sends it. */
function notify(channel: Channel, state = "exists") {
  return app.deliver(channel.address.split("/").at(-1) ?? "", "", {
    "x-goog-channel-id": channel.id,
    "x-goog-channel-token": channel.token,
    "x-goog-channel-expiration": new Date(channel.expiresAt).toUTCString(),
    "x-goog-message-number": "2",
    "x-goog-resource-id": channel.resourceId,
    "x-goog-resource-state": state,
    "x-goog-resource-uri": `https://www.googleapis.com${channel.path}?alt=json`,
  });
}

describe("a push subscription", () => {
  const target = { kind: "pubsub", ...topic } as const;

  it("is made for the webhook, and signs for its audience", async () => {
    const webhook = await register(target);
    expect(webhook).toMatchObject({ status: "active", provisioning: { target, state: "ready" } });
    expect([...hooks.subscriptions]).toEqual([
      [
        `projects/acme-1/subscriptions/${webhook.registrationId}`,
        {
          topic: "projects/acme-1/topics/changes",
          pushConfig: {
            pushEndpoint: webhook.webhookUrl,
            oidcToken: { serviceAccountEmail, audience: webhook.webhookUrl },
          },
          ackDeadlineSeconds: 30,
          retryPolicy: { minimumBackoff: "10s", maximumBackoff: "600s" },
          expirationPolicy: {},
        },
      ],
    ]);
    expect(await live(DAY)).toBe(0);
  });

  it("follows another service account", async () => {
    const { registrationId } = await register(target);
    await updateWebhook(app.services, own(registrationId), {
      verification: { serviceAccountEmail: "other@acme-1.iam.gserviceaccount.com" },
    });
    expect([...hooks.subscriptions.values()].map(({ pushConfig }) => pushConfig.oidcToken)).toMatchObject([
      { serviceAccountEmail: "other@acme-1.iam.gserviceaccount.com" },
    ]);
  });

  it("of which the answer was lost is ours when it is there already", async () => {
    hooks.answerLost = { instead: "hang_up" };
    const { registrationId } = await register(target);
    expect((await view(registrationId)).provisioning?.state).toBe("pending");
    await live(5 * MINUTE);
    expect((await view(registrationId)).provisioning?.state).toBe("ready");
    expect(hooks.subscriptions.size).toBe(1);
  });

  it("of which the answer was lost is removed with the webhook", async () => {
    hooks.answerLost = { instead: "hang_up" };
    const { registrationId } = await register(target);
    await unregisterWebhook(app.services, own(registrationId));
    expect(hooks.subscriptions.size).toBe(0);
  });

  it("of somebody else is neither taken over nor removed", async () => {
    const name = "projects/acme-1/subscriptions/theirs";
    const theirs = { topic: "projects/acme-1/topics/changes", pushConfig: { pushEndpoint: "https://theirs.example" } };
    hooks.subscriptions.set(name, theirs);
    const { registrationId } = await register({ ...target, subscription: "theirs" });
    expect((await view(registrationId)).provisioning).toMatchObject({ state: "pending", reason: "hook_taken" });
    await unregisterWebhook(app.services, own(registrationId));
    expect(hooks.subscriptions.get(name)).toEqual(theirs);
  });

  it("waits for a topic that is not there yet", async () => {
    const { registrationId } = await register({ ...target, topic: "later" });
    expect((await view(registrationId)).provisioning?.reason).toBe("target_not_found");
    hooks.topics.add("projects/acme-1/topics/later");
    expect(await provisionWebhook(app.services, own(registrationId))).toMatchObject({ status: "active" });
  });

  it.each([
    ["without a service account", {}],
    ["by channel tokens", { serviceAccountEmail, scheme: "channel" }],
  ])("is refused %s", async (_, verification) => {
    expect(await codeOf(register(target, { verification }))).toBe("invalid_request");
  });
});

describe("a mailbox", () => {
  const target = { kind: "gmail", ...topic, labelIds: ["INBOX"] } as const;

  it("is watched, and the topic pushes to the webhook", async () => {
    const { registrationId } = await register(target);
    expect(hooks.watch).toMatchObject({ topicName: "projects/acme-1/topics/changes", labelIds: ["INBOX"] });
    expect(hooks.subscriptions.size).toBe(1);
    expect((await view(registrationId)).provisioning?.expiresAt).toBe("2026-12-01T12:00:00.000Z");
    await unregisterWebhook(app.services, own(registrationId));
    expect([hooks.watch, hooks.subscriptions.size]).toEqual([undefined, 0]);
  });

  it("is watched anew each day", async () => {
    await register(target);
    expect(await live(10 * DAY)).toBe(10);
    expect(hooks.watch?.expiresAt).toBe(google.now + 7 * DAY);
    expect(google.server.calls.filter((call) => call === "POST /gmail/gmail/v1/users/me/watch")).toHaveLength(11);
  });

  it("that cannot be watched has its subscription made only once", async () => {
    const mended = google.server.failing(({ path }) => path.endsWith("/watch"), { status: 500 });
    const { registrationId } = await register(target);
    expect((await view(registrationId)).provisioning?.state).toBe("pending");
    mended();
    await live(5 * MINUTE);
    expect((await view(registrationId)).provisioning?.state).toBe("ready");
    expect(google.server.calls.filter((call) => call.startsWith("PUT"))).toHaveLength(1);
  });

  it("that another webhook watches is watched on, when one that never came to watch it is removed", async () => {
    await register(target);
    google.server.failing(({ path }) => path.endsWith("/watch"), { status: 500 });
    const { registrationId } = await register(target);
    await unregisterWebhook(app.services, own(registrationId));
    expect(hooks.watch).toBeDefined();
    expect(hooks.subscriptions.size).toBe(1);
  });

  it("that somebody has published to another topic is left to him", async () => {
    hooks.watch = { topicName: "projects/acme-1/topics/other", expiresAt: noon + DAY };
    const { registrationId } = await register(target);
    expect((await view(registrationId)).provisioning?.reason).toBe("hook_taken");
    expect(hooks.watch.topicName).toBe("projects/acme-1/topics/other");
    await live(DAY + HOUR);
    expect((await view(registrationId)).provisioning?.state).toBe("ready");
  });

  it("whose renewal fails is said to be in danger long before it ends, is tried again, and recovers", async () => {
    const { registrationId } = await register(target);
    google.tokens.expire();
    await live(DAY + HOUR);
    const health = await healthOf(app.services, await view(registrationId));
    expect(health).toMatchObject({ status: "degraded", registrationStatus: "active" });
    expect(health.recommendations).toContainEqual(
      expect.stringMatching(
        /^Renewing the webhook at Google fails since 2026-11-25T12:00.*\(needs_reauth\).*stops to deliver at 2026-12-01T12:00.*PUT the connection with new credentials/,
      ),
    );
    await connect(app, "google", { kind: "bearer", token: google.tokens.grant() });
    await live(5 * MINUTE);
    expect((await view(registrationId)).provisioning).toEqual({
      target,
      state: "ready",
      expiresAt: expect.stringMatching(/^2026-12-02/),
    });
    expect((await healthOf(app.services, await view(registrationId))).status).toBe("healthy");
  });

  it("whose watch has ended waits for its provider, and is watched anew", async () => {
    const { registrationId } = await register(target);
    google.tokens.expire();
    await live(7 * DAY + 2 * HOUR);
    expect((await view(registrationId)).provisioning).toMatchObject({ state: "pending", reason: "needs_reauth" });
    await connect(app, "google", { kind: "bearer", token: google.tokens.grant() });
    expect(await provisionWebhook(app.services, own(registrationId))).toMatchObject({ status: "active" });
    expect(hooks.watch?.expiresAt).toBe(google.now + 7 * DAY);
  });
});

describe("a subscription to events of Workspace", () => {
  const target: HookTarget = {
    kind: "workspace_events",
    ...topic,
    targetResource: "//chat.googleapis.com/spaces/AAA",
    eventTypes: ["google.workspace.chat.message.v1.created", "google.workspace.chat.message.v1.updated"],
  };

  it("is made, prolonged each day, and removed", async () => {
    const { registrationId } = await register(target);
    expect(hooks.workspace).toMatchObject([
      {
        targetResource: "//chat.googleapis.com/spaces/AAA",
        eventTypes: target.eventTypes,
        notificationEndpoint: { pubsubTopic: "projects/acme-1/topics/changes" },
      },
    ]);
    expect(await live(3 * DAY)).toBe(3);
    expect(hooks.workspace.map(({ expireTime }) => Date.parse(expireTime))).toEqual([google.now + 7 * DAY]);
    await unregisterWebhook(app.services, own(registrationId));
    expect(hooks.workspace).toEqual([]);
  });

  it("that is still being made is found when it is done", async () => {
    hooks.isDone = false;
    const { registrationId } = await register(target);
    expect((await view(registrationId)).provisioning?.reason).toBe("provider_unfinished");
    hooks.isDone = true;
    await live(5 * MINUTE);
    expect((await view(registrationId)).provisioning?.state).toBe("ready");
    expect(hooks.workspace).toHaveLength(1);
  });

  it("of which the answer was lost is found again, to be used or to be removed", async () => {
    const mended = google.server.failing(({ path }) => path.startsWith("/workspaceevents/"), { status: 500 });
    const { registrationId } = await register(target);
    mended();
    hooks.answerLost = { instead: "hang_up" };
    expect(await provisionWebhook(app.services, own(registrationId))).toMatchObject({ status: "pending_provider" });
    expect(hooks.workspace).toHaveLength(1);
    await unregisterWebhook(app.services, own(registrationId));
    expect(hooks.workspace).toEqual([]);
  });

  it("that publishes to another topic is not ours", async () => {
    const others = { notificationEndpoint: { pubsubTopic: "projects/acme-1/topics/other" } };
    const { targetResource, eventTypes } = target;
    const expireTime = new Date(noon).toISOString();
    hooks.workspace.push({ name: "subscriptions/theirs", targetResource, eventTypes, expireTime, ...others });
    const { registrationId } = await register(target);
    expect((await view(registrationId)).provisioning?.reason).toBe("hook_taken");
    await unregisterWebhook(app.services, own(registrationId));
    expect(hooks.workspace).toHaveLength(1);
  });

  it("that was suspended is reactivated when it is renewed, and refused until its error is mended", async () => {
    const { registrationId } = await register(target);
    hooks.suspend();
    hooks.isMended = false;
    await live(DAY + HOUR);
    expect((await view(registrationId)).provisioning).toMatchObject({ state: "ready", reason: "provider_rejected" });
    hooks.isMended = true;
    await live(2 * HOUR);
    expect((await view(registrationId)).provisioning).not.toHaveProperty("reason");
    expect(hooks.workspace).toMatchObject([{ state: "ACTIVE" }]);
  });

  it("that ended is made anew", async () => {
    await register(target);
    hooks.workspace.splice(0);
    await live(DAY);
    expect(hooks.workspace).toHaveLength(1);
  });
});

describe("a channel", () => {
  const calendar = { kind: "calendar", calendarId: "ada@acme.example" } as const;

  it.each([
    [calendar, 7],
    [{ kind: "drive_file", fileId: "file-1" } as const, 1],
    [{ kind: "drive_changes" } as const, 7],
  ])("for %j is opened with the secret as its token, for %i day(s)", async (target, days) => {
    const webhook = await register(target);
    expect(webhook).toMatchObject({ status: "active", verification: { scheme: "channel" } });
    expect(hooks.openChannels).toMatchObject([
      {
        id: `${webhook.registrationId}-1`,
        address: webhook.webhookUrl,
        token: webhook.webhookSecret,
        expiresAt: noon + days * DAY,
      },
    ]);
    for (const channel of hooks.openChannels)
      expect(await notify(channel, "sync")).toMatchObject({ kind: "handshake" });
    await unregisterWebhook(app.services, own(webhook.registrationId));
    expect(hooks.openChannels).toEqual([]);
  });

  it("is replaced each day: the new one first, then the old one is stopped", async () => {
    const { registrationId } = await register(calendar);
    expect(await live(3 * DAY)).toBe(3);
    expect(hooks.openChannels.map(({ id }) => id)).toEqual([`${registrationId}-4`]);
    const changes = google.server.calls.filter((call) => /watch|stop/.test(call)).map((call) => call.split("/").at(-1));
    expect(changes).toEqual(["watch", "watch", "stop", "watch", "stop", "watch", "stop"]);
  });

  it("that lives for a day is replaced after half of it", async () => {
    await register({ kind: "drive_file", fileId: "file-1" });
    expect(await live(3 * DAY)).toBe(6);
    expect(hooks.openChannels).toHaveLength(1);
  });

  it("delivers beside the one that takes its place, for as long as the old one cannot be stopped", async () => {
    const { registrationId } = await register(calendar);
    const stopFails = google.server.failing(({ path }) => path.endsWith("/stop"), { status: 500 });
    await live(DAY);
    expect(hooks.openChannels.map(({ id }) => id)).toEqual([`${registrationId}-1`, `${registrationId}-2`]);
    for (const channel of hooks.openChannels) expect(await notify(channel)).toMatchObject({ kind: "receipt" });
    expect((await view(registrationId)).provisioning?.state).toBe("ready");
    stopFails();
    await live(HOUR);
    expect(hooks.openChannels.map(({ id }) => id)).toEqual([`${registrationId}-2`]);
  });

  it("of which the answer was lost is stopped once another is open", async () => {
    hooks.answerLost = { instead: "hang_up" };
    const { registrationId } = await register(calendar);
    await live(5 * MINUTE);
    expect((await view(registrationId)).provisioning?.state).toBe("ready");
    expect(hooks.openChannels.map(({ id }) => id)).toEqual([`${registrationId}-2`]);
    await live(DAY);
    expect(hooks.openChannels.map(({ id }) => id)).toEqual([`${registrationId}-3`]);
  });

  it("is replaced at once when the secret changes", async () => {
    const { registrationId } = await register(calendar);
    await updateWebhook(app.services, own(registrationId), { webhookSecret: "a new secret" });
    expect(hooks.openChannels.map(({ token }) => token)).toEqual(["a new secret"]);
    for (const channel of hooks.openChannels) expect(await notify(channel)).toMatchObject({ kind: "receipt" });
  });

  it("is replaced by one with the new token when the secret is rotated, and both deliver meanwhile", async () => {
    const { registrationId, webhookSecret } = await register(calendar);
    const { webhookSecret: next } = await rotateSecret(app.services, own(registrationId), {});
    const stopFails = google.server.failing(({ path }) => path.endsWith("/stop"), { status: 500 });
    await live(5 * MINUTE);
    expect(hooks.openChannels.map(({ token }) => token)).toEqual([webhookSecret, next]);
    for (const channel of hooks.openChannels) expect(await notify(channel)).toMatchObject({ kind: "receipt" });
    stopFails();
    await live(HOUR);
    expect(hooks.openChannels.map(({ token }) => token)).toEqual([next]);
    app.advance(DAY);
    await recomputeHealth(app.services);
    expect(await view(registrationId)).not.toHaveProperty("rotation");
    for (const channel of hooks.openChannels) expect(await notify(channel)).toMatchObject({ kind: "receipt" });
  });

  it("is no cause for worry in the last day of its life, as long as renewing works", async () => {
    const { registrationId } = await register({ kind: "drive_file", fileId: "file-1" });
    await live(HOUR);
    for (const channel of hooks.openChannels) await notify(channel);
    await app.drain();
    await app.services.gatherer.flush();
    expect((await healthOf(app.services, await view(registrationId))).recommendations).toEqual([]);
  });

  it("that could not be replaced in time is opened anew as soon as it can be", async () => {
    const { registrationId } = await register(calendar);
    const fails = google.server.failing(({ path }) => path.endsWith("/watch"), { status: 503 });
    await live(8 * DAY);
    expect((await view(registrationId)).provisioning).toMatchObject({
      state: "pending",
      failingSince: expect.any(String),
    });
    expect(hooks.openChannels).toEqual([]);
    fails();
    await live(HOUR);
    expect(hooks.openChannels).toHaveLength(1);
    expect((await view(registrationId)).provisioning?.state).toBe("ready");
  });

  it("that ended before another was open leaves a gap, which is repaired", async () => {
    const { registrationId } = await register({ kind: "drive_changes" }, { events: ["file.*"] });
    const fails = google.server.failing(({ path }) => path.endsWith("/watch"), { status: 503 });
    await live(8 * DAY);
    fails();
    await live(HOUR);
    const { repairs } = await listRepairs(app.services, "tenant-123", { registrationId, limit: 10 });
    expect(repairs).toMatchObject([{ cause: "expired", since: "2026-12-01T12:00:00.000Z", parts: [{ of: "file" }] }]);
    const [channel] = hooks.openChannels;
    expect(repairs[0]?.until).toBe(new Date((channel?.expiresAt ?? 0) - 7 * DAY).toISOString());
  });

  it.each([{ channelId: "mine" }, { resourceId: "mine" }, { scheme: "native", serviceAccountEmail }])(
    "is refused with %j, and so is such a change",
    async (verification) => {
      expect(await codeOf(register(calendar, { verification }))).toBe("invalid_request");
      const { registrationId } = await register(calendar);
      expect(await codeOf(updateWebhook(app.services, own(registrationId), { verification }))).toBe("invalid_request");
    },
  );
});
