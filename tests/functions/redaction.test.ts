import type { App } from "../../shared/app";
import { call, startFunctions, testToken } from "../support/function-app";

let app: App;
beforeEach(async () => {
  app = await startFunctions();
});
afterEach(() => app.close());

const register = (redact: unknown) =>
  call("register-webhook", {
    method: "POST",
    headers: testToken,
    params: { integrationId: "salesforce" },
    body: JSON.stringify({ connectionId: "conn-1", events: ["*"], redact }),
  });

describe("`redact` of a webhook", () => {
  it("is shown, and changed by PATCH", async () => {
    const { status, json } = await register(["Email", "Owner.Email"]);
    expect([status, json.redact]).toEqual([201, ["Email", "Owner.Email"]]);
    const params = { registrationId: json.registrationId as string };
    const body = JSON.stringify({ redact: ["Phone"] });
    const changed = await call("update-webhook", { method: "PATCH", headers: testToken, params, body });
    expect(changed).toMatchObject({ status: 200, json: { redact: ["Phone"] } });
  });

  it("must be paths", async () => {
    const refused = await register(["Email", "", "a..b", 7]);
    expect(refused).toMatchObject({ status: 400, json: { code: "invalid_request" } });
    const paths = refused.json.problems.map(({ path }: { path: string }) => path);
    expect(new Set(paths)).toEqual(new Set(["/redact/1", "/redact/2", "/redact/3"]));
    expect(await register("Email")).toMatchObject({ status: 400 });
  });
});
