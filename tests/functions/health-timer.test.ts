import { type App, startApp } from "../../shared/app";
import { breakWebhooks } from "../support/break-webhooks";
import { call, loadFunctions, testToken } from "../support/function-app";
import { recordedFunctions } from "../support/functions-core";

let app: App;
let logged: { readonly event: string; readonly fields: unknown }[];
beforeEach(async () => {
  logged = [];
  loadFunctions();
  app = await startApp({
    env: { CASTIEL_MODE: "embedded", DATA_DIRECTORY: ":memory:", PUBLIC_BASE_URL: "https://hooks.example.com" },
    log: (_, event, fields) => void logged.push({ event, fields }),
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await app.close();
});

async function register(): Promise<string> {
  const reply = await call("register-webhook", {
    method: "POST",
    headers: testToken,
    params: { integrationId: "salesforce" },
    body: JSON.stringify({ connectionId: "conn-123", events: ["*"] }),
  });
  return String(reply.json.registrationId);
}

async function runTimer(): Promise<unknown> {
  const timer = recordedFunctions.find(({ name }) => name === "recompute-webhook-health");
  return timer?.handler({}, {});
}

const runs = () => logged.filter(({ event }) => event === "health.recomputed").map(({ fields }) => fields);

describe("the health timer", () => {
  it("logs how many webhooks it looked at, and how many it could not", async () => {
    const [broken] = [await register(), await register(), await register()];
    breakWebhooks(app.services, broken);
    await runTimer();
    expect(runs()).toEqual([{ checked: 2, changed: 0, failed: 1 }]);
  });

  it("has failed, once it has logged that, where it could look at none", async () => {
    breakWebhooks(app.services, await register(), await register());
    await expect(runTimer()).rejects.toThrow("2 webhooks or tenants");
    expect(runs()).toEqual([{ checked: 0, changed: 0, failed: 2 }]);
  });

  it("has not failed where there is none to look at", async () => {
    await runTimer();
    expect(runs()).toEqual([{ checked: 0, changed: 0, failed: 0 }]);
  });
});
