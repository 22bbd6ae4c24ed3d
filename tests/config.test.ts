import { ConfigError, readConfig, settings } from "../shared/config";

const embedded = { CASTIEL_MODE: "embedded" };

function problemsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    readConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error instanceof Error ? error.message.split("\n") : [];
  }
  return [];
}

describe("readConfig", () => {
  it("needs nothing but the mode", () => {
    expect(readConfig(embedded)).toMatchObject({
      port: 3000,
      listenHost: "127.0.0.1",
      dataDirectory: ".data",
      toleranceSeconds: 300,
      healthWindowMs: 3_600_000,
      usesDefaultToken: true,
    });
  });

  it("is frozen", () => {
    expect(Object.isFrozen(readConfig(embedded))).toBe(true);
  });

  it("never guesses the mode", () => {
    expect(problemsOf({})).toEqual(["CASTIEL_MODE is missing"]);
    expect(problemsOf({ CASTIEL_MODE: "azure" })).toEqual([expect.stringContaining("CASTIEL_MODE must be")]);
  });

  it("takes an empty value for none", () => {
    expect(readConfig({ ...embedded, PORT: "" }).port).toBe(3000);
  });

  it("names every problem at once", () => {
    const problems = problemsOf({
      ...embedded,
      PORT: "70000",
      LOG_LEVEL: "loud",
      API_TOKENS: "not json",
      PUBLIC_BASE_URL: "http://hooks.example.com",
      OIDC_ISSUER: "https://issuer.example.com",
    });
    expect(problems).toEqual([
      expect.stringContaining("PORT"),
      expect.stringContaining("LOG_LEVEL"),
      "API_TOKENS is not JSON",
      "OIDC_ISSUER, OIDC_AUDIENCE and OIDC_JWKS_URL must be set together",
      "PUBLIC_BASE_URL must be https, unless it is a loopback address",
    ]);
  });

  it.each([
    [[{ hash: "short", tenantId: "t", scopes: [] }]],
    [[{ hash: "a".repeat(64), tenantId: "", scopes: [] }]],
    [[{ hash: "a".repeat(64), tenantId: "t", scopes: ["everything"] }]],
    [[{ hash: "a".repeat(64), tenantId: "t", scopes: [], token: "oops" }]],
    [{ hash: "a".repeat(64) }],
  ])("refuses %j as API_TOKENS", (tokens) => {
    expect(problemsOf({ ...embedded, API_TOKENS: JSON.stringify(tokens) })).toEqual([
      expect.stringContaining("API_TOKENS"),
    ]);
  });

  it("has no default token once a token or an issuer is configured", () => {
    const API_TOKENS = JSON.stringify([{ hash: "a".repeat(64), tenantId: "t", scopes: ["webhooks.read"] }]);
    expect(readConfig({ ...embedded, API_TOKENS }).usesDefaultToken).toBe(false);
    const oidc = {
      OIDC_ISSUER: "https://i.example.com",
      OIDC_AUDIENCE: "a",
      OIDC_JWKS_URL: "https://i.example.com/keys",
    };
    expect(readConfig({ ...embedded, ...oidc })).toMatchObject({
      usesDefaultToken: false,
      oidc: { tenantClaim: "tid" },
    });
  });

  it("wants the tenants listed where one issuer serves many", () => {
    const oidc = {
      OIDC_ISSUER: "https://i.example.com/{tenantid}",
      OIDC_AUDIENCE: "a",
      OIDC_JWKS_URL: "https://i.example.com/keys",
    };
    expect(problemsOf({ ...embedded, ...oidc })).toEqual([expect.stringContaining("OIDC_TENANT_MAP")]);
    expect(readConfig({ ...embedded, ...oidc, OIDC_TENANT_MAP: '{"x":"t"}' }).oidc?.tenantMap).toEqual({ x: "t" });
  });

  it("takes http for a loopback address, and no slash at the end", () => {
    expect(readConfig({ ...embedded, PUBLIC_BASE_URL: "http://localhost:3000/" }).publicBaseUrl).toBe(
      "http://localhost:3000",
    );
  });

  it("describes every setting", () => {
    for (const { description } of Object.values(settings)) expect(description).toMatch(/\.$/);
  });
});
