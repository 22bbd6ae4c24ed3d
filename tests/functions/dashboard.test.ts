import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { call, loadFunctions } from "../support/function-app";

const folder = join(__dirname, "..", "..", "shared", "http", "dashboard");
const names = readdirSync(folder);
const get = (file?: string, headers = {}) =>
  call("get-dashboard", { headers, ...(file === undefined ? {} : { params: { file } }) });

const before = { ...process.env };
beforeEach(() => {
  loadFunctions();
  // Nothing is configured: the page tells so itself, by what the API answers.
  Object.assign(process.env, { CASTIEL_MODE: "azure" });
});
afterEach(() => {
  process.env = { ...before };
});

describe("the dashboard's files", () => {
  it("are the page and what it is made of, as they stand in the project", async () => {
    const page = await get();
    expect(page).toMatchObject({ status: 200, text: readFileSync(join(folder, "index.html"), "utf8") });
    for (const name of names) {
      const { status, text } = await get(name);
      expect([name, status, text]).toEqual([name, 200, readFileSync(join(folder, name), "utf8")]);
    }
  });

  it("say what they are, and that nobody is to guess", async () => {
    const types = await Promise.all(
      names.map(async (name) => {
        const { headers } = await get(name);
        expect(headers["x-content-type-options"]).toBe("nosniff");
        return [extname(name), headers["content-type"]];
      }),
    );
    expect(Object.fromEntries(types)).toEqual({
      ".html": "text/html; charset=utf-8",
      ".css": "text/css; charset=utf-8",
      ".js": "text/javascript; charset=utf-8",
      ".svg": "image/svg+xml",
    });
  });

  it.each(["index.html", "main.js", "style.css"])("allow nothing from elsewhere: %s", async (name) => {
    const policy = (await get(name)).headers["content-security-policy"]?.split("; ");
    expect(policy).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "img-src 'self' data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
  });

  it("are sent again only if they changed", async () => {
    const { etag = "" } = (await get("main.js")).headers;
    expect(await get("main.js", { "if-none-match": etag })).toMatchObject({ status: 304, text: undefined });
    expect(await get("main.js", { "if-none-match": `"another", W/${etag}` })).toMatchObject({ status: 304 });
    expect(await get("main.js", { "if-none-match": '"another"' })).toMatchObject({ status: 200 });
    expect((await get("main.js")).headers["cache-control"]).toBe("no-cache");
  });

  it.each(["../endpoint.ts", "..%2fendpoint.ts", "constructor", "nothing.js", "INDEX.HTML", "main.js/", ""])(
    "are the only ones there are: %p",
    async (file) => {
      expect(await get(file)).toMatchObject({ status: 404, json: { code: "page_not_found" } });
    },
  );

  it("hold no address of another host, no inline style or script, and write no markup", () => {
    for (const name of names) {
      const text = readFileSync(join(folder, name), "utf8").replaceAll("http://www.w3.org/2000/svg", "");
      expect([
        name,
        text.match(/https?:\/\/|innerHTML|insertAdjacentHTML|document\.write|\sstyle=|\son\w+="/g),
      ]).toEqual([name, null]);
    }
  });
});
