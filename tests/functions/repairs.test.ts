import type { App } from "../../shared/app";
import { apiToken } from "../support/api-token";
import { call, startFunctions, type TestReply } from "../support/function-app";

/** The routes of the repair of gaps. */
const tokens = { a: "cwt_a", b: "cwt_b", reader: "cwt_reader" };
const API_TOKENS = JSON.stringify([
  apiToken(tokens.a, "tenant-a", ["webhooks.read", "webhooks.write"]),
  apiToken(tokens.b, "tenant-b", ["webhooks.read", "webhooks.write"]),
  apiToken(tokens.reader, "tenant-a", ["webhooks.read"]),
]);

let app: App;
let registrationId: string;
beforeEach(async () => {
  app = await startFunctions({ API_TOKENS });
  const body = JSON.stringify({ connectionId: "conn-1", events: ["Contact.*"] });
  const reply = await call("register-webhook", {
    method: "POST",
    headers: { authorization: `Bearer ${tokens.a}` },
    params: { integrationId: "salesforce" },
    body,
  });
  registrationId = reply.json.registrationId as string;
});
afterEach(() => app.close());

const start = (body: object = {}, as: keyof typeof tokens = "a"): Promise<TestReply> =>
  call("start-repair", {
    method: "POST",
    headers: { authorization: `Bearer ${tokens[as]}` },
    params: { registrationId },
    body: JSON.stringify(body),
  });
const list = (query: Readonly<Record<string, string>> = {}, as: keyof typeof tokens = "a"): Promise<TestReply> =>
  call("list-repairs", {
    method: "GET",
    headers: { authorization: `Bearer ${tokens[as]}` },
    params: { registrationId },
    query,
  });

describe("POST /webhooks/{registrationId}/repair", () => {
  it("answers 202 with the window and what is known of it so far", async () => {
    const window = { since: "2026-11-24T01:00:00+01:00", until: "2026-11-24T02:00:00Z" };
    expect(await start(window)).toMatchObject({
      status: 202,
      json: {
        repairId: expect.stringMatching(/^repair-[0-9a-f]{11}-[0-9a-f]{32}$/),
        registrationId,
        cause: "manual",
        since: "2026-11-24T00:00:00.000Z",
        until: "2026-11-24T02:00:00.000Z",
        status: "failed",
        reason: "no_credentials",
        sent: 0,
        present: 0,
        repaired: 0,
        failed: 0,
        parts: [],
      },
    });
  });

  it("takes the window as it is described, and tells all that is wrong with it", async () => {
    const wrong = await start({ since: "yesterday", until: "2026-11-24", scope: "", cause: "silence" });
    expect(wrong).toMatchObject({ status: 400, json: { code: "invalid_request" } });
    const paths = wrong.json.problems.map(({ path }: { path: string }) => path);
    expect(new Set(paths)).toEqual(new Set(["/cause", "/since", "/until", "/scope"]));
    const backwards = await start({ since: "2026-11-24T02:00:00Z", until: "2026-11-24T01:00:00Z" });
    expect(backwards.json.problems).toEqual([expect.objectContaining({ path: "/since" })]);
  });

  it("is for those who may write, and for the webhook's own tenant", async () => {
    expect(await start({}, "reader")).toMatchObject({ status: 403 });
    expect(await start({}, "b")).toMatchObject({ status: 404, json: { code: "registration_not_found" } });
  });
});

describe("GET /webhooks/{registrationId}/repairs", () => {
  it("lists the newest window first, page by page", async () => {
    for (const hour of ["03", "01", "02"]) await start({ since: `2026-11-24T${hour}:00:00Z` });
    const first = await list({ limit: "2" }, "reader");
    const second = await list({ limit: "2", cursor: first.json.nextCursor as string });
    const hours = [first, second].map(({ json }) =>
      json.repairs.map(({ since }: { since: string }) => since.slice(11, 13)),
    );
    expect(hours).toEqual([["03", "02"], ["01"]]);
    expect(second.json.nextCursor).toBeUndefined();
  });

  it("is the webhook's own tenant's", async () => {
    expect(await list({}, "b")).toMatchObject({ status: 404 });
    expect(await list({ cursor: "made-up" })).toMatchObject({ status: 400, json: { code: "invalid_cursor" } });
  });
});
