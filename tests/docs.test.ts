import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { settings } from "../shared/config/settings";
import { alertConditionNames, alertConditions } from "../shared/core/alert";
import { runbookOf } from "../shared/core/alert-message";
import { refusalReasons } from "../shared/core/refusal";
import { errorCatalogue } from "../shared/core/errors";
import { type EndpointSpec, endpointSpecs } from "../shared/http/endpoint";
import { createProviders } from "../shared/providers/registry";
import { recordedFunctions } from "./support/functions-core";
import { openTestApp } from "./support/test-app";

/** The README's tables are made of the code: a table that differs from it fails here, and the failure shows the right one. */
const root = join(__dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

function tableNamed(name: string): string {
  const match = new RegExp(`<!-- table: ${name} -->\\n([\\s\\S]*?)<!-- /table -->`).exec(readme);
  return (match?.[1] ?? "").trim();
}

function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return unpadded(lines.join("\n"));
}

/** Prettier pads the cells of a table; what they say is what counts. */
function unpadded(table: string): string {
  return table.replace(/ +\|/g, " |").replace(/\| +/g, "| ").replace(/-{3,}/g, "---");
}

function loadEndpoints(): readonly EndpointSpec[] {
  for (const file of globSync("functions/*.ts", { cwd: root }).sort()) jest.requireActual(join(root, file));
  return endpointSpecs();
}

describe("the README", () => {
  it("lists every route, its function and who may call it", () => {
    const specs = loadEndpoints();
    const rows = [...specs]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((spec) => [
        spec.method,
        `\`/${spec.route.replace(/:[^}]*/g, "")}\``,
        `\`${spec.name}\``,
        spec.summary,
        ({ anonymous: "anyone", provider: "the provider" }[spec.access as string] ?? `\`${spec.access}\``) +
          (spec.operatorOnly ? ", operators" : ""),
      ]);
    expect(unpadded(tableNamed("routes"))).toBe(toTable(["Method", "Route", "Function", "What", "Who"], rows));
    expect(specs.length).toBe(recordedFunctions.filter(({ bindings }) => isHttp(bindings)).length);
  });

  it("lists every provider with its schemes and limits", () => {
    const rows = [...createProviders({ googleCertificatesUrl: "https://certs.example.com" }).values()].map(
      (provider) => [
        provider.displayName,
        `\`${provider.id}\``,
        provider.schemes.map((scheme) => `\`${scheme}\``).join(", "),
        provider.exceptionalSchemes?.includes(provider.schemes[0]) ? "signed token" : "shared secret",
        `${provider.maxBodyBytes / 1024 / 1024} MB`,
        `${provider.rememberSeconds / 3600} h`,
      ],
    );
    const head = ["Provider", "Id", "Schemes", "Proof", "Largest body", "Duplicates remembered"];
    expect(unpadded(tableNamed("providers"))).toBe(toTable(head, rows));
  });

  it("lists what can be listed of each provider", async () => {
    const app = await openTestApp();
    const rows = tableNamed("records").split("\n").slice(2);
    for (const row of rows) {
      const [, name = "", , listed = ""] = row.split("|").map((cell) => cell.trim());
      const { types } = app.services.records.listable(name.toLowerCase());
      // Salesforce has any number of types, by name.
      expect([name, listed]).toEqual([
        name,
        types.length === 0 ? "any object with `SystemModstamp`" : types.map((type) => `\`${type}\``).join(", "),
      ]);
    }
    expect(rows).toHaveLength(5);
    await app.close();
  });

  it("lists every error code", () => {
    const rows = Object.entries(errorCatalogue).map(([code, { status, title, retry }]) => [
      `\`${code}\``,
      String(status),
      title,
      retry ? "yes" : "no",
    ]);
    expect(unpadded(tableNamed("errors"))).toBe(toTable(["Code", "Status", "Meaning", "Retry"], rows));
  });

  it("lists every setting with its default", () => {
    const rows = Object.entries(settings).map(([name, setting]) => [
      `\`${name}\``,
      "default" in setting ? `\`${setting.default}\`` : "",
      setting.description,
    ]);
    expect(unpadded(tableNamed("configuration"))).toBe(toTable(["Setting", "Default", "What for"], rows));
  });

  it("names scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map((match) => match[1] ?? "");
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
    expect(named.length).toBeGreaterThan(0);
  });
});

describe("the documentation", () => {
  it.each(globSync("{*.md,docs/**/*.md}", { cwd: root }))("%s has no dead links within the project", (file) => {
    const text = readFileSync(join(root, file), "utf8");
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? "");
    expect(targets.filter((target) => !existsSync(join(root, dirname(file), target)))).toEqual([]);
  });

  it("has a runbook for each condition that alerts are about, where their messages say it is", () => {
    const text = readFileSync(join(root, "docs", "operations.md"), "utf8");
    const headings = [...text.matchAll(/^### (Alert: .*)$/gm)].map((match) => match[1] ?? "");
    const anchors = headings.map((heading) => `docs/operations.md#${anchorOf(heading.replaceAll(/[:`]/g, ""))}`);
    expect(anchors.map((anchor) => anchor.replaceAll("_", "-"))).toEqual(alertConditionNames.map(runbookOf));
    for (const condition of alertConditionNames) {
      const [, section = ""] = text.split(`### Alert: ${condition.replaceAll("_", " ")}\n`);
      expect(section.split("\n#")[0]).toContain(`**${alertConditions[condition].title}**`);
    }
  });

  it("has the guides that the seed links to, under those names", () => {
    const file = "docs/TASK-7-WEBHOOK-MANAGEMENT-COMPLETE.md";
    const text = readFileSync(join(root, file), "utf8");
    const sections = new Map(text.split(/^## /m).map((section) => [anchorOf(section.split("\n")[0] ?? ""), section]));
    const guides = ["salesforce-setup", "notion-setup", "slack-setup", "github-setup", "google-contacts-setup"].map(
      (anchor) => /\]\(\.\/(providers\/\w+\.md)\)/.exec(sections.get(anchor) ?? "")?.[1],
    );
    const ids = ["salesforce", "notion", "slack", "github", "google"];
    expect(guides).toEqual(ids.map((id) => `providers/${id}.md`));
    expect(guides.filter((guide) => !existsSync(join(root, "docs", guide ?? "")))).toEqual([]);
  });

  it.each(globSync("docs/providers/*.md", { cwd: root }))(
    "%s names every scheme and setting of its provider, and refusals that exist",
    (file) => {
      const provider = createProviders({ googleCertificatesUrl: "https://certs.example.com" }).get(
        basename(file, ".md"),
      );
      if (!provider) throw new Error("there is no such provider");
      const text = readFileSync(join(root, file), "utf8");
      const names = [...provider.schemes, ...Object.keys(provider.verificationProperties ?? {})];
      expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
      const refusals = [...text.matchAll(/^- .*?\*\*`(\w+)`\*\*/gm)].map((match) => match[1] ?? "");
      expect(refusals.filter((reason) => !(reason in refusalReasons))).toEqual([]);
    },
  );
});

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  return heading.trim().toLowerCase().replaceAll(" ", "-");
}

function isHttp(bindings: Readonly<Record<string, Readonly<Record<string, unknown>>>>): boolean {
  return Object.values(bindings).some((binding) => binding["type"] === "httpTrigger");
}
