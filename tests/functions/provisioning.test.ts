import type { App } from "../../shared/app";
import { apiToken } from "../support/api-token";
import { call, startFunctions, type TestReply } from "../support/function-app";
import { GitHubStandIn } from "../support/vendors/github";

const tokens = { a: "cwt_a", b: "cwt_b", reader: "cwt_reader" };
const both = ["webhooks.read", "webhooks.write"];
const API_TOKENS = JSON.stringify([
  apiToken(tokens.a, "tenant-a", both),
  apiToken(tokens.b, "tenant-b", both),
  apiToken(tokens.reader, "tenant-a", ["webhooks.read"]),
]);

let github: GitHubStandIn;
let app: App;
beforeEach(async () => {
  github = await GitHubStandIn.start();
  app = await startFunctions({ API_TOKENS, GITHUB_API_URL: github.server.url, OUTBOUND_ALLOW_LOOPBACK: "true" });
  github.hooks.owners.set("repos/acme/app", []);
  await call("put-connection", {
    method: "PUT",
    headers: headers(),
    params: { integrationId: "github", connectionId: "conn-123" },
    body: JSON.stringify({ auth: { kind: "bearer", token: github.tokens.accessToken } }),
  });
});
afterEach(async () => {
  await app.close();
  await github.server.stop();
});

function headers(as: keyof typeof tokens = "a") {
  return { authorization: `Bearer ${tokens[as]}` };
}

const target = { kind: "repository", repository: "acme/app" };

function register(fields: object, integrationId = "github"): Promise<TestReply> {
  const body = JSON.stringify({ connectionId: "conn-123", events: ["issues.*"], ...fields });
  return call("register-webhook", { method: "POST", headers: headers(), params: { integrationId }, body });
}

const onWebhook = (name: string, registrationId: string, as?: keyof typeof tokens) =>
  call(name, { method: "POST", headers: headers(as), params: { registrationId } });

describe("a webhook with provision", () => {
  it("is answered with 201 once the provider has it, and shows how it stands there", async () => {
    const created = await register({ provision: true, target });
    expect(created).toMatchObject({
      status: 201,
      json: { status: "active", provisioning: { target, state: "ready" }, webhookSecret: expect.any(String) },
    });
    const { registrationId } = created.json as { registrationId: string };
    const read = await onWebhook("get-webhook", registrationId);
    expect(read.json.provisioning).toEqual({ target, state: "ready" });
    expect(github.hooks.owners.get("repos/acme/app")).toHaveLength(1);
    await call("unregister-webhook", { method: "DELETE", headers: headers(), params: { registrationId } });
    expect(github.hooks.owners.get("repos/acme/app")).toEqual([]);
  });

  it("is answered with 201 although the provider fails, and is set up by a later request", async () => {
    github.server.interrupt({ status: 500 });
    const created = await register({ provision: true, target });
    expect(created).toMatchObject({ status: 201, json: { status: "pending_provider" } });
    const { registrationId } = created.json as { registrationId: string };
    expect(await onWebhook("provision-webhook", registrationId, "b")).toMatchObject({ status: 404 });
    expect(await onWebhook("provision-webhook", registrationId, "reader")).toMatchObject({ status: 403 });
    expect(await onWebhook("provision-webhook", registrationId)).toMatchObject({
      status: 200,
      json: { status: "active" },
    });
  });

  it.each([
    [{ provision: true }, "/target"],
    [{ provision: true, target: {} }, "/target/kind"],
    [{ provision: true, target: { kind: "calendar", calendarId: "x" } }, "/target/kind"],
    [{ provision: true, target: { kind: "repository" } }, "/target/repository"],
    [{ provision: true, target: { kind: "repository", repository: "acme/app/hooks/1?" } }, "/target/repository"],
    [{ provision: true, target: { kind: "repository", repository: "../user" } }, "/target/repository"],
    [{ provision: true, target: { ...target, organization: "acme" } }, "/target/organization"],
    [{ target }, "/provision"],
    [{ provision: "yes" }, "/provision"],
  ])("is refused for %j, which is wrong at %s", async (fields, path) => {
    const { status, json } = await register(fields);
    expect({ status, code: json.code }).toEqual({ status: 400, code: "invalid_request" });
    expect(json.problems).toEqual([{ path, message: expect.any(String) }]);
    expect(github.server.calls).toEqual([]);
  });

  it.each([
    [{ target: { kind: "gmail", project: "acme-1", topic: "google-mail" } }, "/target/topic"],
    [{ target: { kind: "pubsub", project: "acme-1/topics", topic: "changes" } }, "/target/project"],
    [{ target: { kind: "calendar", calendarId: "a/../b" } }, "/target/calendarId"],
    [{ target: { kind: "drive_changes", fileId: "x" } }, "/target/fileId"],
    [
      {
        target: {
          kind: "workspace_events",
          project: "acme-1",
          topic: "changes",
          targetResource: '//chat.googleapis.com/spaces/A" OR "',
          eventTypes: ["google.workspace.chat.message.v1.created"],
        },
      },
      "/target/targetResource",
    ],
    [{ target: { kind: "pubsub", project: "acme-1", topic: "changes" } }, "/verification/serviceAccountEmail"],
  ])("at Google is refused for %j, which is wrong at %s", async (fields, path) => {
    const { status, json } = await register({ provision: true, ...fields }, "google");
    expect({ status, problems: json.problems }).toEqual({
      status: 400,
      problems: [{ path, message: expect.any(String) }],
    });
  });

  it("wants a connection, and credentials in it", async () => {
    expect(await register({ provision: true, target, connectionId: "unknown" })).toMatchObject({
      status: 404,
      json: { code: "connection_not_found" },
    });
    await call("put-connection", {
      method: "PUT",
      headers: headers(),
      params: { integrationId: "github", connectionId: "empty" },
      body: "{}",
    });
    expect(await register({ provision: true, target, connectionId: "empty" })).toMatchObject({
      status: 409,
      json: { code: "credentials_missing" },
    });
  });

  it("is what others are not", async () => {
    const { json } = await register({});
    expect(await onWebhook("provision-webhook", json.registrationId as string)).toMatchObject({
      status: 409,
      json: { code: "not_provisioned" },
    });
  });
});
