import { redact, redactionPathSource } from "../../shared/core/redaction";

describe("redact", () => {
  const data = {
    Id: "003",
    Email: "ada@example.com",
    owner: { name: "Ada", email: "ada@example.com", phones: [{ kind: "home", number: "1" }, { kind: "work" }] },
    tags: ["a", "b"],
  };

  it.each([
    [["Email"], { Id: "003", owner: data.owner, tags: data.tags }, ["Email"]],
    [["owner.email"], { ...data, owner: { name: "Ada", phones: data.owner.phones } }, ["owner"]],
    [
      ["owner.phones.number"],
      { ...data, owner: { ...data.owner, phones: [{ kind: "home" }, { kind: "work" }] } },
      ["owner"],
    ],
    [["owner.email", "owner"], { Id: "003", Email: data.Email, tags: data.tags }, ["owner"]],
    [["missing", "Email.domain", "owner.email.domain", "tags.a", "__proto__.x", "constructor"], data, []],
    [[], data, []],
  ])("leaves out %j", (paths, expected, redacted) => {
    expect(redact(data, paths)).toEqual({ data: expected, redacted });
  });

  it("changes nothing of what it was given", () => {
    const before = structuredClone(data);
    redact(data, ["Email", "owner.email", "owner.phones.number"]);
    expect(data).toEqual(before);
  });

  it("takes names that every object has for names of fields", () => {
    const odd = JSON.parse('{"__proto__":{"a":1},"toString":2,"b":3}') as Record<string, unknown>;
    expect(JSON.stringify(redact(odd, ["__proto__.a", "toString"]).data)).toBe('{"__proto__":{},"b":3}');
  });
});

it.each([
  ["Email", true],
  ["owner.e-mail", true],
  ["données.adresse postale", true],
  ["", false],
  [".a", false],
  ["a.", false],
  ["a..b", false],
  ["a\nb", false],
  ["a.".repeat(10) + "a", false],
])("a path %j is well formed: %s", (path, isPath) => {
  expect(new RegExp(redactionPathSource).test(path)).toBe(isPath);
});
