import { createTokenVerifier, type OidcOptions } from "../../../shared/adapters/oidc/token-verifier";
import { OidcIssuer } from "../../support/oidc-issuer";
import { codeOf } from "../../support/test-app";

let issuer: OidcIssuer;
beforeEach(async () => {
  issuer = await OidcIssuer.start();
});
afterEach(() => issuer.stop());

const now = Math.floor(Date.now() / 1000);
const claims = {
  iss: "https://issuer.example.com",
  aud: "castiel",
  exp: now + 600,
  tid: "tenant-a",
  scp: "webhooks.read",
};
const verifier = (overrides: Partial<OidcOptions> = {}) =>
  createTokenVerifier({
    issuer: "https://issuer.example.com",
    audience: "castiel",
    jwksUrl: issuer.jwksUrl,
    tenantClaim: "tid",
    ...overrides,
  });

describe("createTokenVerifier", () => {
  it("reads tenant, scopes and the role of an operator from a genuine token", async () => {
    const caller = await verifier().verify(
      issuer.sign({ ...claims, sub: "user-1", roles: ["operator", "webhooks.write"] }),
    );
    expect(caller).toEqual({
      tenantId: "tenant-a",
      subject: "user-1",
      scopes: new Set(["webhooks.read", "webhooks.write"]),
      isOperator: true,
    });
  });

  it("grants nothing that a token does not name", async () => {
    const caller = await verifier().verify(issuer.sign({ ...claims, scp: "email webhooks.admin", scope: "openid" }));
    expect(caller).toMatchObject({ scopes: new Set(), isOperator: false });
  });

  it.each([
    ["another issuer", { iss: "https://evil.example.com" }],
    ["another audience", { aud: "somebody else" }],
    ["an end in the past", { exp: now - 600 }],
    ["a beginning in the future", { nbf: now + 600 }],
    ["no end", { exp: undefined }],
    ["no tenant", { tid: undefined }],
    ["an empty tenant", { tid: "" }],
    ["a tenant that is no text", { tid: ["tenant-a"] }],
  ])("refuses a token with %s", async (_, overrides) => {
    expect(await codeOf(verifier().verify(issuer.sign({ ...claims, ...overrides })))).toBe("unauthenticated");
  });

  it.each([
    ["unsigned", { algorithm: "none" }],
    ["signed by HMAC with the public key as secret", { algorithm: "HS256" }],
    ["signed with a key that is not the issuer's", { foreignKey: true }],
  ] as const)("refuses a token that is %s", async (_, options) => {
    expect(await codeOf(verifier().verify(issuer.sign(claims, options)))).toBe("unauthenticated");
  });

  it.each(["", "a.b.c", "eyJhbGciOiJSUzI1NiJ9.e30.", "..", "x"])("refuses %j", async (token) => {
    expect(await codeOf(verifier().verify(token))).toBe("unauthenticated");
  });

  it("maps the tenant claim where a map is given, and refuses tenants that it does not list", async () => {
    const mapped = verifier({ tenantMap: { "tenant-a": "acme" } });
    expect((await mapped.verify(issuer.sign(claims))).tenantId).toBe("acme");
    expect(await codeOf(mapped.verify(issuer.sign({ ...claims, tid: "tenant-b" })))).toBe("unauthenticated");
    expect(await codeOf(mapped.verify(issuer.sign({ ...claims, tid: "constructor" })))).toBe("unauthenticated");
  });

  it("holds the issuer against the token's own tenant where one issuer serves many", async () => {
    const many = verifier({ issuer: "https://login.example.com/{tenantid}/v2.0", tenantMap: { "tenant-a": "acme" } });
    const token = issuer.sign({ ...claims, iss: "https://login.example.com/tenant-a/v2.0" });
    expect((await many.verify(token)).tenantId).toBe("acme");
    const crossed = issuer.sign({ ...claims, iss: "https://login.example.com/tenant-b/v2.0" });
    expect(await codeOf(many.verify(crossed))).toBe("unauthenticated");
  });

  it("fetches the keys once, however many verify at the same time", async () => {
    const shared = verifier();
    await Promise.all(Array.from({ length: 50 }, () => shared.verify(issuer.sign(claims))));
    expect(issuer.fetches).toBe(1);
  });

  it("does not ask the issuer for every key id that somebody makes up", async () => {
    const shared = verifier();
    await shared.verify(issuer.sign(claims));
    for (let attempt = 0; attempt < 10; attempt++) {
      expect(await codeOf(shared.verify(issuer.sign(claims, { keyId: `made-up-${attempt}` })))).toBe("unauthenticated");
    }
    expect(issuer.fetches).toBe(1);
  });

  it("asks again for a key id that it does not know, once the cool-down is over", async () => {
    const shared = verifier({ cooldownMs: 0 });
    await shared.verify(issuer.sign(claims));
    issuer.rotate();
    expect((await shared.verify(issuer.sign(claims))).tenantId).toBe("tenant-a");
    expect(issuer.fetches).toBe(2);
  });

  it("says that the keys cannot be had, rather than that the token is wrong", async () => {
    issuer.breakDown();
    expect(await codeOf(verifier().verify(issuer.sign(claims)))).toBe("keys_unavailable");
    expect(await codeOf(verifier({ jwksUrl: "http://127.0.0.1:1/keys" }).verify(issuer.sign(claims)))).toBe(
      "keys_unavailable",
    );
  });
});
