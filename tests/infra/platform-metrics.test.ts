import { at } from "../../shared/core/json";
import { objectsOf, readJson, stringOf, valueOf } from "../support/template";

const workbook = readJson("infra/app/workbook.json") as { readonly items: readonly object[] };
const metricRules = objectsOf(valueOf("infra/app/alerts.bicep", "metricRules"));

/** What the platform measures, of what is asked for: aggregations and dimensions (Azure Monitor "supported metrics"). */
const platformMetrics: Readonly<Record<string, { readonly aggregations: string; readonly dimensions: string }>> = {
  "microsoft.servicebus/namespaces--ActiveMessages": {
    aggregations: "Average Minimum Maximum",
    dimensions: "EntityName",
  },
  "microsoft.servicebus/namespaces--ScheduledMessages": {
    aggregations: "Average Minimum Maximum",
    dimensions: "EntityName",
  },
  "microsoft.servicebus/namespaces--DeadletteredMessages": {
    aggregations: "Average Minimum Maximum",
    dimensions: "EntityName",
  },
  "microsoft.servicebus/namespaces--ThrottledRequests": {
    aggregations: "Total",
    dimensions: "EntityName MessagingErrorSubCode",
  },
  "microsoft.documentdb/databaseaccounts--TotalRequests": {
    aggregations: "Count",
    dimensions: "DatabaseName CollectionName Region StatusCode OperationType Status",
  },
  "microsoft.keyvault/vaults--ServiceApiResult": {
    aggregations: "Count",
    dimensions: "ActivityType ActivityName StatusCode StatusCodeClass",
  },
};

/** How a workbook writes an aggregation. */
const aggregationCodes: Readonly<Record<number, string>> = {
  1: "Total",
  2: "Minimum",
  3: "Maximum",
  4: "Average",
  7: "Count",
};

describe("the metrics of the platform that are asked for", () => {
  it("exist, with the aggregation and the dimension, in each alert rule", () => {
    for (const { metricNamespace, metricName, aggregation, dimension } of metricRules) {
      const metric = platformMetrics[`${stringOf(metricNamespace).toLowerCase()}--${stringOf(metricName)}`];
      expect(metric?.aggregations.split(" ")).toContain(aggregation);
      expect(metric?.dimensions.split(" ")).toContain(dimension);
    }
  });

  it("exist, with the aggregation and the dimension, in the workbook", () => {
    const asked = workbook.items.flatMap((item) => (at(item, "content", "metrics") ?? []) as readonly object[]);
    expect(asked.length).toBeGreaterThan(3);
    for (const one of asked) {
      const metric = platformMetrics[String(at(one, "metric"))];
      expect(metric?.aggregations.split(" ")).toContain(aggregationCodes[Number(at(one, "aggregation"))]);
      const split = (at(one, "splitBy") ?? []) as readonly string[];
      expect(metric?.dimensions.split(" ")).toEqual(expect.arrayContaining([...split]));
    }
  });
});
