import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { at } from "../../shared/core/json";
import { bicepText, objectsOf, readJson, readText, root, valueOf } from "../support/template";

/** Alerts and the workbook look for what the app writes. */
const workbook = readJson("infra/app/workbook.json") as { readonly items: readonly object[] };
const workbookQueries = workbook.items.flatMap((item) => at(item, "content", "query") ?? []).map(String);
const alertQueries = objectsOf(valueOf("infra/app/log-alerts.bicep", "rules")).flatMap(({ query }) =>
  typeof query === "string" ? [query] : [],
);
const queries = [...alertQueries, ...workbookQueries].join("\n");

function found(pattern: RegExp): readonly string[] {
  return [...new Set([...queries.matchAll(pattern)].map(([, name = ""]) => name))];
}

describe("the queries of alerts and the workbook", () => {
  it("ask for lines that the app writes", () => {
    const sources = globSync("{shared,functions}/**/*.ts", { cwd: root }).map(readText).join("\n");
    const written = new Set([...sources.matchAll(/log\([^)]*?"([a-z_]+\.[a-z_]+)"/g)].map(([, event]) => event));
    const asked = found(/"([a-z_]+\.[a-z_]+)"/g);
    expect(asked).toEqual(expect.arrayContaining(["delivery.refused", "health.recomputed", "event.failed"]));
    expect(asked.filter((event) => !written.has(event))).toEqual([]);
  });

  it("ask for functions that there are", () => {
    const asked = found(/OperationName == "([\w-]+)"/g);
    expect(asked).toEqual(expect.arrayContaining(["recompute-webhook-health", "drain-sync-queue"]));
    expect(asked.filter((name) => !existsSync(join(root, "functions", `${name}.ts`)))).toEqual([]);
  });
});

describe("the alerts", () => {
  it("are explained in docs/deployment.md, each with what to look at", () => {
    const [, section = ""] = /## When an alert fires\n([\s\S]*?)\n## /.exec(readText("docs/deployment.md")) ?? [];
    const explained = [...section.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name);
    const metricRules = objectsOf(valueOf("infra/app/alerts.bicep", "metricRules"));
    const logRules = objectsOf(valueOf("infra/app/log-alerts.bicep", "rules"));
    expect(explained).toEqual([...metricRules, ...logRules].map(({ name }) => name));
  });
});

describe("the workbook", () => {
  it("gets every resource id that it has a place for", () => {
    const places = new Set(readText("infra/app/workbook.json").match(/__[A-Z_]+__/g));
    expect([...places].sort()).toEqual(["__COSMOS_ID__", "__SERVICE_BUS_ID__", "__WORKSPACE_ID__"]);
    for (const place of places) expect(bicepText("infra/app/workbook.bicep")).toContain(`'${place}'`);
  });

  it("asks for nothing but the time that its reader chose", () => {
    expect(workbookQueries.length).toBeGreaterThan(5);
    const items = workbook.items.filter((item) => at(item, "content", "query") !== undefined);
    expect(items.filter((item) => at(item, "content", "timeContextFromParameter") !== "TimeRange")).toEqual([]);
  });
});
