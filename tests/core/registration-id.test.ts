import { newRegistrationId, tenantKeyIn, tenantKeyOf, toBase32 } from "../../shared/core/registration-id";

describe("registration ids", () => {
  it("carry the tenant key, so that the id alone names the partition", () => {
    const key = tenantKeyOf("installation", "tenant-123");
    expect(key).toMatch(/^[a-z2-7]{16}$/);
    expect(tenantKeyIn(newRegistrationId(key))).toBe(key);
  });

  it("differ between installations, tenants and registrations", () => {
    expect(tenantKeyOf("a", "t")).not.toBe(tenantKeyOf("b", "t"));
    expect(tenantKeyOf("a", "t")).not.toBe(tenantKeyOf("a", "u"));
    const key = tenantKeyOf("a", "t");
    expect(newRegistrationId(key)).not.toBe(newRegistrationId(key));
  });

  it.each([
    "",
    "health",
    "webhook-abc123",
    "webhook-aaaaaaaaaaaaaaaa-short",
    "webhook-AAAAAAAAAAAAAAAA-aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "../x",
  ])("%j is none of ours", (id) => {
    expect(tenantKeyIn(id)).toBeUndefined();
  });
});

describe("toBase32", () => {
  // RFC 4648, section 10, in lower case and without padding.
  it.each([
    ["", ""],
    ["f", "my"],
    ["fo", "mzxq"],
    ["foo", "mzxw6"],
    ["foob", "mzxw6yq"],
    ["fooba", "mzxw6ytb"],
    ["foobar", "mzxw6ytboi"],
  ])("encodes %j as %j", (text, expected) => {
    expect(toBase32(Buffer.from(text))).toBe(expected);
  });
});
