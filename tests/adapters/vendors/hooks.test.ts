import type { HookRequest } from "../../../shared/core/provider-hook";
import {
  describeLostAnswers,
  describeProviderHooks,
  type HooksSubject,
  type LosingSubject,
} from "../../contracts/provider-hooks";
import { connect } from "../../support/connections";
import { noon } from "../../support/make";
import { openTestApp } from "../../support/test-app";
import { GitHubStandIn } from "../../support/vendors/github";
import { GoogleStandIn } from "../../support/vendors/google";
import { SlackStandIn } from "../../support/vendors/slack";

const registrationId = `webhook-${"a".repeat(16)}-${"b".repeat(26)}`;
const webhookUrl = `https://hooks.example.com/webhooks/${registrationId}`;
const of = (target: HookRequest["target"]): HookRequest => ({
  registrationId,
  webhookUrl,
  target,
  events: ["push"],
  secret: "whsec_hunter2",
  identity: { serviceAccountEmail: "push@acme-1.iam.gserviceaccount.com", audience: webhookUrl },
});
const hangUp = { instead: "hang_up" } as const;

async function openGitHub(): Promise<LosingSubject> {
  const { server, tokens, tokenUrl, hooks } = await GitHubStandIn.start();
  const config = { url: "https://elsewhere.example.com", content_type: "json" };
  const theirs = { id: 1, name: "web", active: true, events: ["push"], config };
  const standing = [theirs];
  hooks.owners.set("repos/acme/app", standing);
  return {
    integrationId: "github",
    server,
    tokens,
    env: { GITHUB_API_URL: server.url, GITHUB_TOKEN_URL: tokenUrl },
    kind: "webhook",
    request: of({ kind: "repository", repository: "acme/app" }),
    nowhere: { kind: "organization", organization: "nobody" },
    standing: () => {
      expect(standing).toContain(theirs);
      return standing.length - 1;
    },
    loseAnswer: () => (hooks.made = () => ((hooks.made = () => undefined), hangUp)),
    stop: () => server.stop(),
  };
}
describeProviderHooks("GitHub", openGitHub);
describeLostAnswers("GitHub", openGitHub);

async function openGoogle(
  kind: HooksSubject["kind"],
  target: HookRequest["target"],
  nowhere: HookRequest["target"],
): Promise<LosingSubject> {
  const google = await GoogleStandIn.start();
  const { server, tokens, hooks } = google;
  google.now = noon;
  hooks.topics.add("projects/acme-1/topics/changes");
  return {
    integrationId: "google",
    server,
    tokens,
    env: { GOOGLE_API_URL: `${server.url}/{service}`, GOOGLE_TOKEN_URL: `${server.url}/token` },
    kind,
    request: of(target),
    nowhere,
    standing: () =>
      hooks.subscriptions.size +
      hooks.workspace.length +
      hooks.openChannels.length +
      (hooks.watch === undefined ? 0 : 1),
    loseAnswer: () => (hooks.answerLost = hangUp),
    stop: () => server.stop(),
  };
}

const topic = { project: "acme-1", topic: "changes" } as const;
const noTopic = { project: "acme-1", topic: "none" } as const;
const chat = {
  targetResource: "//chat.googleapis.com/spaces/AAA",
  eventTypes: ["google.workspace.chat.message.v1.created"],
};
const openPubSub = () => openGoogle("push_subscription", { kind: "pubsub", ...topic }, { kind: "pubsub", ...noTopic });
const openCalendar = () =>
  openGoogle(
    "channel",
    { kind: "calendar", calendarId: "ada@acme.example" },
    { kind: "calendar", calendarId: "nobody" },
  );
const openDrive = () =>
  openGoogle("channel", { kind: "drive_file", fileId: "file-1" }, { kind: "drive_file", fileId: "none" });
const openGmail = () => openGoogle("gmail_watch", { kind: "gmail", ...topic }, { kind: "gmail", ...noTopic });
const openWorkspace = () =>
  openGoogle(
    "workspace_subscription",
    { kind: "workspace_events", ...topic, ...chat },
    { kind: "workspace_events", ...topic, ...chat, targetResource: "//chat.googleapis.com/spaces/BBB" },
  );

const channels = { isReplaced: true, endsByItself: true };
describeProviderHooks("Pub/Sub", openPubSub);
describeLostAnswers("Pub/Sub", openPubSub);
describeProviderHooks("Calendar", openCalendar, channels);
describeLostAnswers("Calendar", openCalendar, channels);
describeProviderHooks("Drive", openDrive, channels);
describeProviderHooks("Gmail", openGmail);
describeProviderHooks("Workspace", openWorkspace);
describeLostAnswers("Workspace", openWorkspace);

async function openSlack(): Promise<HooksSubject> {
  const { server, tokens, manifests } = await SlackStandIn.start();
  manifests.set("A1", { settings: {} });
  return {
    integrationId: "slack",
    server,
    tokens,
    env: { SLACK_API_URL: `${server.url}/api` },
    kind: "app_manifest",
    request: of({ kind: "slack_app", appId: "A1" }),
    nowhere: { kind: "slack_app", appId: "A2" },
    standing: () => (manifests.get("A1")?.settings.event_subscriptions?.request_url === webhookUrl ? 1 : 0),
    stop: () => server.stop(),
  };
}
describeProviderHooks("Slack", openSlack);

describe("hooks of vendors without an API for them", () => {
  it("are not made", async () => {
    const app = await openTestApp();
    const key = await connect(app, "notion", { kind: "bearer", token: "secret" });
    const order = { request: of({ kind: "drive_changes" }), kind: "channel", serial: 1 } as const;
    await expect(app.services.providerHooks.put(key, order)).rejects.toThrow("unsupported");
    await app.close();
  });
});
