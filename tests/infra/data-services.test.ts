import { globSync } from "node:fs";
import { settings } from "../../shared/config/settings";
import { collectionNames } from "../../shared/core/ports";
import { valueAt } from "../support/bicep";
import { recordQueries } from "../support/recorded-queries";
import { bicepText, bodyOf, objectsOf, readJson, readText, root, valueOf } from "../support/template";

/** Containers, queue and payloads, as the templates make them and as the app uses them. */
const host = readJson("host.json") as {
  readonly functionTimeout: string;
  readonly extensions: Readonly<Record<"http" | "serviceBus", Readonly<Record<string, unknown>>>>;
};

describe("the containers of Cosmos DB", () => {
  const containers = objectsOf(valueOf("infra/app/cosmos.bicep", "containers"));
  const resource = valueAt(
    bodyOf("Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers"),
    "properties.resource",
  );

  it("are the collections of the app", () => {
    expect(containers.map(({ name }) => name)).toEqual([...collectionNames]);
  });

  it("are partitioned on /pk, with time to live on and no default for it", () => {
    expect(valueAt(resource, "partitionKey.paths")).toEqual(["/pk"]);
    expect(valueAt(resource, "defaultTtl")).toBe(-1);
    expect(valueAt(resource, "indexingPolicy.excludedPaths")).toEqual([{ path: "/*" }]);
  });

  it.each(containers.map((container) => [container["name"], container] as const))(
    "%s indexes what its repository filters and sorts by, and nothing else",
    async (name, { includedPaths, compositeIndexes }) => {
      const queries = (await recordQueries()).filter(({ collection }) => collection === name);
      // Every container is ordered by id, without being told to.
      const orders = queries.flatMap(({ query }) => query.orderBy ?? []).filter(({ field }) => field !== "id");
      const filters = queries.flatMap(({ query }) => Object.keys(query.where ?? {}));
      const fields = new Set(["pk", ...filters, ...orders.map(({ field }) => field)]);
      expect(includedPaths).toEqual([...fields].map((field) => ({ path: `/${field}/?` })));
      expect(compositeIndexes).toEqual(
        orders.map(({ field, direction }) => [
          { path: `/${field}`, order: direction === "asc" ? "ascending" : "descending" },
          { path: "/id", order: "ascending" }, // ties are broken by id
        ]),
      );
    },
  );

  it("are held against every query that there is in the repositories", async () => {
    const sources = globSync("shared/repositories/*.ts", { cwd: root }).map(readText);
    expect(await recordQueries()).toHaveLength(sources.join("\n").match(/\.query\(/g)?.length ?? 0);
  });
});

describe("the queue", () => {
  const queue = bodyOf("Microsoft.ServiceBus/namespaces/queues")["properties"];
  const kept = {
    requiresDuplicateDetection: true,
    requiresSession: false,
    lockDuration: "PT1M",
    maxDeliveryCount: 10,
    deadLetteringOnMessageExpiration: true,
  };

  it("detects duplicates, gives a message ten deliveries, and keeps what expires as a dead letter", () => {
    expect(queue).toMatchObject({ ...kept, defaultMessageTimeToLive: "P7D" });
    expect(valueOf("infra/main.bicep", "duplicateDetectionWindow")).toBe("PT1M");
  });

  it("is the same in the emulator, within the limits of the emulator", () => {
    const { UserConfig: config } = readJson("infra/local/service-bus-emulator.json") as {
      readonly UserConfig: { readonly Namespaces: readonly object[] };
    };
    const Properties = Object.fromEntries(
      Object.entries(kept).map(([name, value]) => [name.replace(/^./, (letter) => letter.toUpperCase()), value]),
    );
    expect(config.Namespaces).toMatchObject([
      { Name: "sbemulatorns", Queues: [{ Name: settings.QUEUE_NAME.default, Properties }] },
    ]);
  });

  it("is read by a host that renews a lock for as long as a function may run, and fetches nothing ahead", () => {
    expect(host.extensions.serviceBus).toMatchObject({
      maxAutoLockRenewalDuration: host.functionTimeout,
      prefetchCount: 0,
      autoCompleteMessages: true,
    });
  });

  it("is drained by the function that may be kept ready for it", () => {
    expect(readText("functions/drain-sync-queue.ts")).toContain('app.serviceBusQueue("drain-sync-queue"');
    expect(bicepText("infra/app/function-app.bicep")).toContain("name: 'function:drain-sync-queue'");
  });
});

describe("payloads", () => {
  it("are deleted by the account a day after the app lets them go", () => {
    const days = /PAYLOAD_TTL_SECONDS = (\d+) \* 86_400;/.exec(readText("shared/usecases/send-events.ts"))?.[1];
    expect(valueOf("infra/app/storage.bicep", "payloadRetentionDays")).toBe(Number(days) + 1);
  });
});

describe("the HTTP functions", () => {
  it("have no route prefix, and tell browsers to come over TLS for a year", () => {
    expect(host.extensions.http).toEqual({ routePrefix: "", hsts: { isEnabled: true, maxAge: "365" } });
  });
});
