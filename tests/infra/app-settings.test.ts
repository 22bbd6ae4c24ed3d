import { readConfig } from "../../shared/config";
import { settings } from "../../shared/config/settings";
import { asObject, BicepExpression, valueAt } from "../support/bicep";
import { appSettings, bodyOf, knownSettings, readJson, valueOf } from "../support/template";

/** The settings that the templates and the example give, held against those that the app reads. */

/** Without these the app does not start in the mode `azure`. */
const requiredInAzure = [
  "CASTIEL_MODE",
  "COSMOS_ENDPOINT",
  "ServiceBusConnection__fullyQualifiedNamespace",
  "QUEUE_NAME",
  "KEY_VAULT_URI",
  "PAYLOAD_BLOB_SERVICE_URI",
  "HEALTH_SCHEDULE",
  "HOOKS_SCHEDULE",
];

/** Settings that are for emulators alone, in the place of an endpoint and an identity. */
const emulatorSettings = [
  "COSMOS_CONNECTION_STRING",
  "ServiceBusConnection",
  "KEY_VAULT_EMULATOR",
  "PAYLOAD_BLOB_CONNECTION_STRING",
];

/** learn.microsoft.com/azure/azure-functions/functions-app-settings, "Flex Consumption plan deprecations". */
const refusedByFlex = [
  "ENABLE_ORYX_BUILD",
  "FUNCTIONS_EXTENSION_VERSION",
  "FUNCTIONS_WORKER_RUNTIME",
  "FUNCTIONS_WORKER_RUNTIME_VERSION",
  "SCM_DO_BUILD_DURING_DEPLOYMENT",
  "TZ",
  "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
  "WEBSITE_CONTENTOVERVNET",
  "WEBSITE_CONTENTSHARE",
  "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT",
  "WEBSITE_NODE_DEFAULT_VERSION",
  "WEBSITE_RUN_FROM_PACKAGE",
  "WEBSITE_TIME_ZONE",
  "WEBSITE_VNET_ROUTE_ALL",
];

/** What Flex takes in siteConfig; others, such as ftpsState and linuxFxVersion, it refuses with error 51021. */
const takenInSiteConfig = ["http20Enabled", "minTlsVersion", "scmMinTlsVersion"];

const example = readJson("local.settings.json.example") as { Values: Readonly<Record<string, string>> };

/** What a function of a new deployment finds: addresses that Azure gives, and nothing for what the operator may add. */
function deployedEnvironment(): NodeJS.ProcessEnv {
  const written = Object.entries(appSettings).map(([name, value]) => [name, typeof value === "string" ? value : ""]);
  return {
    ...Object.fromEntries(written),
    CASTIEL_MODE: "azure",
    WEBSITE_HOSTNAME: "func-castiel.azurewebsites.net",
    AZURE_CLIENT_ID: "00000000-0000-4000-8000-000000000000",
    COSMOS_ENDPOINT: "https://cosmos-castiel.documents.azure.com:443/",
    ServiceBusConnection__fullyQualifiedNamespace: "sb-castiel.servicebus.windows.net",
    QUEUE_NAME: "sync-events",
    KEY_VAULT_URI: "https://kv-castiel.vault.azure.net/",
    PAYLOAD_BLOB_SERVICE_URI: "https://stcastiel.blob.core.windows.net/",
    HEALTH_SCHEDULE: "0 */5 * * * *",
    HOOKS_SCHEDULE: "30 */5 * * * *",
  };
}

describe("the app settings of the function app", () => {
  it("are all known to the app, or to the host for a stated reason", () => {
    expect(Object.keys(appSettings).filter((name) => !knownSettings.has(name))).toEqual([]);
  });

  it("hold everything that the app cannot do without in Azure", () => {
    expect(requiredInAzure.filter((name) => !(name in appSettings))).toEqual([]);
    expect(appSettings["CASTIEL_MODE"]).toBe("azure");
  });

  it("are enough for the app to start, whatever the operator leaves empty", () => {
    expect(() => readConfig(deployedEnvironment())).not.toThrow();
  });

  it("connect by identity, never by a connection string", () => {
    expect(emulatorSettings.filter((name) => name in appSettings)).toEqual([]);
  });

  it("hold nothing that Flex Consumption refuses, nor does the configuration of the site", () => {
    expect(refusedByFlex.filter((name) => name in appSettings)).toEqual([]);
    const siteConfig = asObject(valueAt(bodyOf("Microsoft.Web/sites"), "properties.siteConfig"));
    expect(Object.keys(siteConfig).sort()).toEqual(takenInSiteConfig);
  });

  it("win over the further settings that an operator may name", () => {
    const { properties } = bodyOf("Microsoft.Web/sites/config");
    expect(properties).toEqual(new BicepExpression("union(additionalAppSettings, appSettings)"));
  });

  it("have the defaults of the app where the template has one", () => {
    const parameter = (name: string): unknown => valueOf("infra/main.bicep", name);
    expect(parameter("queueName")).toBe(settings.QUEUE_NAME.default);
    expect(parameter("healthSchedule")).toBe(settings.HEALTH_SCHEDULE.default);
    expect(parameter("hooksSchedule")).toBe(settings.HOOKS_SCHEDULE.default);
    expect(parameter("logLevel")).toBe(settings.LOG_LEVEL.default);
    expect(parameter("deliveryRetentionDays")).toBe(Number(settings.DELIVERY_RETENTION_DAYS.default));
    expect(parameter("oidcTenantClaim")).toBe(settings.OIDC_TENANT_CLAIM.default);
    expect(parameter("cosmosDatabaseName")).toBe(example.Values["COSMOS_DATABASE"]);
    expect(valueOf("infra/app/storage.bicep", "payloadContainerName")).toBe(example.Values["PAYLOAD_CONTAINER"]);
  });
});

describe("local.settings.json.example", () => {
  it("names only settings that the app or the host knows", () => {
    expect(Object.keys(example.Values).filter((name) => !knownSettings.has(name))).toEqual([]);
  });

  it("reaches every service through an emulator on this machine", () => {
    expect(emulatorSettings.filter((name) => !(name in example.Values))).toEqual([]);
    const hosts = Object.values(example.Values).flatMap((value) => value.match(/(?<=\w:\/\/)[^/;:]+/g) ?? []);
    expect(new Set(hosts)).toEqual(new Set(["localhost"]));
  });

  it("listens where the walk-through of the README calls", () => {
    expect(readJson("local.settings.json.example")).toMatchObject({ Host: { LocalHttpPort: 3000 } });
    expect(example.Values["PUBLIC_BASE_URL"]).toBe("http://localhost:3000");
  });
});
