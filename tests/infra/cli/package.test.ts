import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { projectRoot } from "../../support/gateway";
import { loadFunctions } from "../../support/function-app";
import { recordedFunctions } from "../../support/functions-core";

/** Unpacks the archive where nothing else is, least of all a `node_modules`. */
function unpack(): { folder: string; files: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "castiel-package-"));
  const files = unzipSync(readFileSync(join(projectRoot, "castiel-webhooks.zip")));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return { folder, files: Object.keys(files).sort() };
}

describe("npm run package", () => {
  let folder: string;
  let files: string[];
  beforeAll(() => {
    execFileSync("node", [join("infra", "cli", "package.mts")], { cwd: projectRoot });
    ({ folder, files } = unpack());
  }, 60_000);

  it("packs one bundle, the dashboard, the manifest and the host's settings, and nothing else", () => {
    const dashboard = readdirSync(join(projectRoot, "shared", "http", "dashboard")).map(
      (name) => `dist/dashboard/${name}`,
    );
    const bundle = ["dist/main.js", "dist/main.js.LEGAL.txt", "host.json", "package.json"];
    expect(files).toEqual([...dashboard, ...bundle].sort());
    expect(readFileSync(join(folder, "host.json"), "utf8")).toBe(readFileSync(join(projectRoot, "host.json"), "utf8"));
  });

  it("loads in an empty folder, registers every function and finds its dashboard", () => {
    const loader = join(projectRoot, "tests", "support", "load-package.cjs");
    const output = execFileSync("node", [loader, folder], { cwd: folder, encoding: "utf8" });
    loadFunctions();
    expect(JSON.parse(output)).toEqual({
      names: recordedFunctions.map(({ name }) => name).sort(),
      dashboard: readFileSync(join(projectRoot, "shared", "http", "dashboard", "index.html"), "utf8"),
    });
  });
});
