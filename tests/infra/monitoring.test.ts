import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { alertConditionNames, type AlertNote, alertSeverities } from "../../shared/core/alert";
import { QUEUE_AGE_MS } from "../../shared/core/alert-findings";
import { at } from "../../shared/core/json";
import { showMetrics } from "../../shared/usecases/show-metrics";
import { bicepText, objectsOf, readJson, readText, root, stringOf, valueOf } from "../support/template";
import { openTestApp } from "../support/test-app";

/** Alerts and the workbook look for what the app writes. */
const workbook = readJson("infra/app/workbook.json") as { readonly items: readonly object[] };
const workbookQueries = workbook.items.flatMap((item) => at(item, "content", "query") ?? []).map(String);
const metricRules = objectsOf(valueOf("infra/app/alerts.bicep", "metricRules"));
const logRules = objectsOf(valueOf("infra/app/log-alerts.bicep", "rules"));
const ruleNames = [...metricRules, ...logRules].map(({ name }) => stringOf(name));
const alertQueries = logRules.flatMap(({ query }) => (typeof query === "string" ? [query] : []));
const allQueries = [...alertQueries, ...workbookQueries];
const queries = allQueries.join("\n");
/** Those that go by lines of the app; the others by its invocations. */
const lineQueries = allQueries.filter((query) => query.trimStart().startsWith("AppTraces"));
const sources = globSync("{shared,functions}/**/*.ts", { cwd: root }).map(readText).join("\n");

/** The quoted names in what a pattern finds of a query. */
function namesIn(query: string, pattern: RegExp): readonly string[] {
  const [part = ""] = pattern.exec(query) ?? [];
  return [...part.matchAll(/"([\w.]+)"/g)].map(([, name = ""]) => name);
}

function found(pattern: RegExp): readonly string[] {
  return [...new Set([...queries.matchAll(pattern)].map(([, name = ""]) => name))];
}

/** The arguments of the calls that write a line, as they stand in the source. */
function writingOf(event: string): string {
  return [...sources.matchAll(/\blog\(([^;]*?)\);/g)]
    .map(([, written = ""]) => written)
    .filter((written) => written.includes(`"${event}"`))
    .join("\n");
}

describe("the queries of alerts and the workbook", () => {
  const asked = found(/"([a-z_]+\.[a-z_]+)"/g);

  it("ask for lines that the app writes", () => {
    expect(asked).toEqual(expect.arrayContaining(["delivery.refused", "health.recomputed", "event.failed"]));
    expect(asked.filter((event) => writingOf(event) === "")).toEqual([]);
  });

  it("look at the parsed line as well as at the text, which finds a name anywhere in it", () => {
    for (const query of lineQueries) {
      const [sieved, compared] = [namesIn(query, /Message has(?:_any)? .*/), namesIn(query, /line\.event\) .*/)];
      expect(compared).toEqual(sieved);
      expect(compared.length).toBeGreaterThan(0);
    }
  });

  it("ask for fields that these lines have", () => {
    for (const query of lineQueries) {
      const written = namesIn(query, /line\.event\) .*/)
        .map(writingOf)
        .join("\n");
      const fields = [...query.matchAll(/\bline(?:\.(\w+)|\["(\w+)"\])/g)].map(([, name, quoted]) => name ?? quoted);
      const missing = fields.filter((field) => field !== "event" && !new RegExp(`\\b${field}\\b`).test(written));
      expect(missing).toEqual([]);
    }
  });

  it("ask for lines that are written at the level of a new deployment", () => {
    const levels = ["debug", "info", "warn", "error"];
    const least = levels.indexOf(stringOf(valueOf("infra/main.bicep", "logLevel")));
    const silent = asked.filter((event) => {
      const [, level = "error"] = /^"(\w+)"/.exec(writingOf(event)) ?? [];
      return levels.indexOf(level) < least;
    });
    expect(silent).toEqual([]);
  });

  it("ask for severities and changes of alerts that there are", () => {
    const changes: readonly AlertNote["change"][] = ["opened", "worsened"];
    const [opened = ""] = alertQueries.filter((query) => query.includes("alert.changed"));
    expect(namesIn(opened, /line\.severity\) .*? and/)).toEqual([alertSeverities.at(-1)]);
    expect(namesIn(opened, /line\.change\) .*/)).toEqual(changes);
  });

  it("ask for functions that there are", () => {
    const functions = found(/OperationName == "([\w-]+)"/g);
    expect(functions).toEqual(expect.arrayContaining(["recompute-webhook-health", "drain-sync-queue", "send-alerts"]));
    expect(functions.filter((name) => !existsSync(join(root, "functions", `${name}.ts`)))).toEqual([]);
  });

  it("and whatever else is told of the app ask for metrics that it has", async () => {
    const app = await openTestApp();
    const metrics = await showMetrics(app.services);
    await app.close();
    const told = globSync("{infra/**/*.{bicep,json},docs/**/*.md,*.md}", { cwd: root }).map(readText).join("\n");
    const names = [...new Set(told.match(/\bcastiel_[a-z_]+/g))];
    expect(names).toContain("castiel_queue_oldest_seconds");
    expect(names.filter((name) => !metrics.includes(`# TYPE ${name} `))).toEqual([]);
  });
});

describe("what the queries go by", () => {
  const logging = at(readJson("host.json"), "logging");

  it("is kept whole: no line and no invocation is left out as one of many alike", () => {
    const tables = found(/^(App[A-Za-z]+)$/gm);
    expect(tables).toEqual(expect.arrayContaining(["AppTraces", "AppRequests"]));
    const kept = String(at(logging, "applicationInsights", "samplingSettings", "excludedTypes")).split(";");
    expect(tables.map((table) => table.replace(/^App(.*)s$/, "$1")).filter((type) => !kept.includes(type))).toEqual([]);
  });

  it("is not accompanied by lines of the host about each invocation, which nobody asks for", () => {
    // The app's own lines are of Host.Function.Console, invocations of Host.Results.
    expect(at(logging, "logLevel")).toEqual({ Function: "Warning" });
  });
});

describe("the alerts", () => {
  it("are explained in docs/deployment.md, each with what to look at", () => {
    const [, section = ""] =
      /## When an alert fires\n([\s\S]*?)\n\n(?=The gateway)/.exec(readText("docs/deployment.md")) ?? [];
    const explained = [...section.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name);
    expect(explained).toEqual(ruleNames);
  });

  it("cover each condition that the gateway finds, or docs/deployment.md says why not", () => {
    const [, table = ""] = /^(\| Condition [\s\S]*?)\n\n/m.exec(readText("docs/deployment.md")) ?? [];
    const rows = table
      .split("\n")
      .slice(2)
      .map((line) => line.split("|").map((cell) => cell.trim()));
    expect(rows.map(([, condition = ""]) => condition.replaceAll("`", ""))).toEqual(alertConditionNames);
    const named = rows.flatMap(([, , rules = ""]) => [...rules.matchAll(/`([\w-]+)`/g)].map(([, name]) => name));
    expect(named.filter((name) => !ruleNames.includes(String(name)))).toEqual([]);
    expect(rows.filter(([, , , reason = ""]) => reason === "")).toEqual([]);
  });

  it("count a queue as old when the gateway does", () => {
    const rule = logRules.find(({ name }) => name === "queue-age");
    expect(rule).toMatchObject({ operator: "GreaterThanOrEqual", threshold: QUEUE_AGE_MS / 1000 });
  });

  it("say that a state is over only where a rule can see that it is", () => {
    const told = logRules.filter(({ autoMitigate }) => autoMitigate === false).map(({ name }) => name);
    expect(told).toEqual(["alert-opened"]);
  });

  it("tell a line once where they never end, and one that arrives late as well", () => {
    const [, minutes = ""] = /evaluationFrequency: 'PT(\d+)M'/.exec(bicepText("infra/app/log-alerts.bicep")) ?? [];
    const endless = logRules.filter(({ autoMitigate }) => autoMitigate === false);
    for (const { query, window } of endless) {
      expect(query).toContain(`| where ingestion_time() > ago(${minutes}m)\n`);
      expect(Number(/^PT(\d+)M$/.exec(stringOf(window))?.[1])).toBeGreaterThan(2 * Number(minutes));
    }
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
