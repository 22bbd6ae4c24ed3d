import { RouteTable } from "../../../infra/local/route-table";

/** A table of functions named after what they are routed by: `name: "METHOD template"`. */
function table(routes: Readonly<Record<string, string>>): RouteTable<string> {
  return new RouteTable(
    Object.entries(routes).map(([functionName, route]) => {
      const [methods = "", template = ""] = route.split(" ");
      return { functionName, methods: methods.split(","), template, target: functionName };
    }),
  );
}

function paramsOf(template: string, path: string): Record<string, string> | undefined {
  return table({ f: `GET ${template}` }).match("GET", path)?.params;
}

describe("RouteTable", () => {
  it("takes the first match in the order of function names, whatever the order of registration", () => {
    const routes = table({ "get-webhook": "GET webhooks/{id}", "check-health": "GET webhooks/health" });
    expect(routes.match("GET", "/webhooks/health")?.target).toBe("check-health");
    expect(table({ B: "GET {id}", a: "GET x", "a-b": "GET {id}", ab: "GET x" }).match("GET", "/x")?.target).toBe("a");
  });

  it("lets a parameter of an earlier function swallow a literal", () => {
    const routes = table({ a: "GET webhooks/{id}", b: "GET webhooks/health" });
    expect(routes.match("GET", "/webhooks/health")?.target).toBe("a");
  });

  it("tells methods apart, and knows no other", () => {
    const routes = table({ list: "GET webhooks", add: "POST,put webhooks" });
    expect(["GET", "PUT", "DELETE", "HEAD"].map((verb) => routes.match(verb, "/webhooks")?.target)).toEqual([
      "list",
      "add",
      undefined,
      undefined,
    ]);
  });

  it.each([
    ["webhooks/{id}", "/Webhooks/A1", { id: "A1" }],
    ["webhooks/{id}", "/webhooks/a%20b%C3%A9", { id: "a bé" }],
    ["webhooks/{id}", "/webhooks/a%2Fb", { id: "a%2Fb" }],
    ["webhooks/{id}", "/webhooks/%ff", { id: "%ff" }],
    ["webhooks/{id}", "/webhooks/a/?x=/y/z", { id: "a" }],
    ["webhooks/{id}", "/webhooks/", undefined],
    ["webhooks/{id}", "/webhooks/a/b", undefined],
    ["webhooks/{id}", "/x/../webhooks/a", { id: "a" }],
    ["webhooks/{id}", "http://elsewhere/webhooks/a", { id: "a" }],
    ["webhooks/{id}", "*", undefined],
    ["webhooks/{id?}", "/webhooks", {}],
    ["files/{*rest}", "/files/a/b%20c", { rest: "a/b c" }],
    ["files/{*rest}", "/files", {}],
    ["", "/", {}],
  ])("reads %s from %s", (template, path, params) => {
    expect(paramsOf(template, path)).toEqual(params);
  });

  it.each([
    ["minlength(7)", ["1234567"], ["health"]],
    ["maxlength(3)", ["abc"], ["abcd"]],
    ["length(2)", ["ab"], ["a", "abc"]],
    ["length(2,3)", ["ab", "abc"], ["a", "abcd"]],
    ["int", ["12", "-12", "2147483647"], ["2147483648", "1.5", "x"]],
    ["long", ["2147483648"], ["9223372036854775808"]],
    ["bool", ["TRUE", "false"], ["1"]],
    ["alpha", ["Abc"], ["a1"]],
    ["guid", ["00000000-0000-4000-8000-00000000000f", "0000000000004000800000000000000f"], ["{0000", "x"]],
    ["regex(^a{{2}}:(b|c)$)", ["aa:b", "AA:C"], ["a:b", "aa:d"]],
    ["alpha:minlength(2)", ["ab"], ["a", "a1"]],
  ])("holds a parameter to %s", (constraint, accepted, refused) => {
    const matches = (value: string): boolean => paramsOf(`x/{p:${constraint}}`, `/x/${value}`) !== undefined;
    expect(accepted.filter((value) => !matches(value))).toEqual([]);
    expect(refused.filter(matches)).toEqual([]);
  });

  it("gives long paths to a catch-all without remembering them", () => {
    const path = `/files/${"a/".repeat(100)}b`;
    expect(paramsOf("files/{*rest}", path)).toEqual({ rest: path.slice("/files/".length) });
  });

  it.each([
    "a-{b}",
    "{a=1}",
    "{a?}/b",
    "{*a}/b",
    "{a:nope}",
    "{a:minlength(x)}",
    "{a:regex([)}",
    "{a",
    "admin/x",
    "Runtime",
  ])("refuses to start with the route %s", (template) =>
    expect(() => table({ f: `GET ${template}` })).toThrow("route"),
  );
});
