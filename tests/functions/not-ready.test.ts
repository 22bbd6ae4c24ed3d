import { createHash } from "node:crypto";
import { call, loadFunctions } from "../support/function-app";

const operator = "cwt_operator";
const API_TOKENS = JSON.stringify([
  {
    hash: createHash("sha256").update(operator).digest("hex"),
    tenantId: "tenant-a",
    scopes: ["webhooks.read"],
    operator: true,
  },
]);
const before = { ...process.env };
const logged: string[] = [];

/** The functions as a host loads them: they read the environment themselves. */
beforeEach(() => {
  loadFunctions();
  Object.assign(process.env, { CASTIEL_MODE: "azure", API_TOKENS });
  jest.spyOn(console, "error").mockImplementation((line: string) => void logged.push(line));
});
afterEach(() => {
  process.env = { ...before };
  jest.restoreAllMocks();
  logged.length = 0;
});

describe("while settings are missing", () => {
  it("answers 503 not_configured on every route, and names nothing to a stranger", async () => {
    for (const name of ["list-webhooks", "receive-webhook", "get-openapi"]) {
      const reply = await call(name, { params: { registrationId: "webhook-abc123" } });
      expect(reply).toMatchObject({ status: 503, json: { code: "not_configured" } });
      expect(JSON.stringify(reply.json)).not.toContain("COSMOS");
    }
  });

  it("says in the service's health that it is unhealthy, and names the settings to an operator alone", async () => {
    const anybody = await call("check-service-health", { headers: { authorization: "Bearer cwt_guess" } });
    expect(anybody).toMatchObject({ status: 503, json: { status: "unhealthy", registrationsCount: 0 } });
    expect(anybody.json).not.toHaveProperty("problems");
    const told = await call("check-service-health", { headers: { authorization: `Bearer ${operator}` } });
    expect(told.json.problems).toContainEqual({ path: "/COSMOS_ENDPOINT", message: "is missing" });
    expect(told.json.problems).toHaveLength(5);
  });

  it("writes one line that names every missing setting, however many requests come", async () => {
    process.env["QUEUE_NAME"] = "another";
    process.env["KEY_VAULT_URI"] = "http://vault.example.com";
    for (let sent = 0; sent < 5; sent++) await call("list-webhooks");
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain("COSMOS_ENDPOINT is missing");
    expect(logged[0]).toContain("KEY_VAULT_URI must be https");
  });
});
