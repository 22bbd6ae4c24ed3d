import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Counter, Histogram, Metrics } from "../shared/core/metrics";
import { spanAttributes } from "../shared/core/tracing";
import { showMetrics } from "../shared/usecases/show-metrics";
import { rowsOf } from "./support/operations-tables";
import { openTestApp } from "./support/test-app";

/** `docs/operations.md` lists what can be watched: names that others rely on are held against the code. */
const root = join(__dirname, "..");

describe("the tables of log events", () => {
  const sources = globSync("{shared,functions}/**/*.ts", { cwd: root })
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
  const documented = rowsOf("Log event").map(([name = "", level = ""]) => ({ name, level }));
  const calls = [...sources.matchAll(/\blog\??\.?\(\s*([^,;]+),\s*"([a-z_]+\.[a-z_]+)"/g)];
  // A level that depends on something is told by no literal.
  const written = calls.map(([, level = "", name = ""]) => ({ name, level: /^"(\w+)"$/.exec(level)?.[1] ?? "" }));

  it("have every line that is written, with its level", () => {
    expect(written.length).toBeGreaterThan(60);
    const levels = new Map(documented.map(({ name, level }) => [name, level.split(", ")]));
    const missing = written.filter(({ name, level }) => {
      const known = levels.get(name) ?? [];
      return known.length === 0 || (level !== "" && !known.includes(level));
    });
    expect(missing).toEqual([]);
  });

  it("have each line once, and none that is not written", () => {
    const names = documented.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.filter((name) => !sources.includes(`"${name}"`))).toEqual([]);
  });
});

describe("the table of metrics", () => {
  it("has every metric with its type and labels", async () => {
    const app = await openTestApp();
    const text = await showMetrics(app.services);
    await app.close();
    const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = "", type = ""]) => ({ name, type }));
    const rows = rowsOf("Metric").map(([name = "", type = "", labels = ""]) => ({ name, type, labels }));
    const byName = (one: { name: string }, other: { name: string }): number => (one.name < other.name ? -1 : 1);
    expect(rows.map(({ name, type }) => ({ name, type })).sort(byName)).toEqual([...types].sort(byName));
    const metrics: readonly unknown[] = Object.values(new Metrics());
    for (const metric of metrics) {
      if (!(metric instanceof Counter || metric instanceof Histogram)) throw new Error("a metric of no known kind");
      expect(rows.find(({ name }) => name === metric.name)?.labels).toBe(metric.labels.join(", "));
    }
  });
});

describe("the table of span attributes", () => {
  it("has every attribute, each once and in its order", () => {
    expect(rowsOf("Attribute").map(([name]) => name)).toEqual([...spanAttributes]);
  });

  it("has none that no span has", () => {
    const sources = globSync("shared/**/*.ts", { cwd: root, exclude: ["shared/core/tracing.ts"] })
      .map((file) => readFileSync(join(root, file), "utf8"))
      .join("\n");
    expect(spanAttributes.filter((name) => !sources.includes(`"${name}"`))).toEqual([]);
  });
});
