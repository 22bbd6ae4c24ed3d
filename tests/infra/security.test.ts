import { BicepExpression, type BicepValue, valueAt } from "../support/bicep";
import { bodiesOf, bodyOf, files, readJson, readText, valueOf } from "../support/template";

/** The rules for security, and who may do what. */

/** learn.microsoft.com/azure/role-based-access-control/built-in-roles, and Cosmos DB's own. */
const roleIds = {
  storageBlobDataOwner: "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
  serviceBusDataSender: "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
  serviceBusDataReceiver: "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
  serviceBusDataOwner: "090c5cfd-751d-490a-894a-3ce6f1109419",
  keyVaultSecretsOfficer: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
  monitoringMetricsPublisher: "3913510d-42f4-4e42-8a64-420c390055eb",
  cosmosDataContributor: "00000000-0000-0000-0000-000000000002",
};

describe("every resource", () => {
  it.each<[string, string, BicepValue]>([
    ["Microsoft.Web/sites", "properties.httpsOnly", true],
    ["Microsoft.Web/sites", "properties.siteConfig.minTlsVersion", "1.2"],
    ["Microsoft.Web/sites", "properties.siteConfig.scmMinTlsVersion", "1.2"],
    ["Microsoft.Web/sites", "identity.type", "UserAssigned"],
    ["Microsoft.Web/sites/basicPublishingCredentialsPolicies", "properties.allow", false],
    ["Microsoft.Storage/storageAccounts", "properties.allowSharedKeyAccess", false],
    ["Microsoft.Storage/storageAccounts", "properties.allowBlobPublicAccess", false],
    ["Microsoft.Storage/storageAccounts", "properties.minimumTlsVersion", "TLS1_2"],
    ["Microsoft.Storage/storageAccounts", "properties.supportsHttpsTrafficOnly", true],
    ["Microsoft.Storage/storageAccounts/blobServices/containers", "properties.publicAccess", "None"],
    ["Microsoft.DocumentDB/databaseAccounts", "properties.disableLocalAuth", true],
    ["Microsoft.DocumentDB/databaseAccounts", "properties.minimalTlsVersion", "Tls12"],
    ["Microsoft.ServiceBus/namespaces", "properties.disableLocalAuth", true],
    ["Microsoft.ServiceBus/namespaces", "properties.minimumTlsVersion", "1.2"],
    ["Microsoft.KeyVault/vaults", "properties.enableRbacAuthorization", true],
    ["Microsoft.KeyVault/vaults", "properties.enableSoftDelete", true],
    ["Microsoft.KeyVault/vaults", "properties.enablePurgeProtection", true],
    ["Microsoft.Insights/components", "properties.DisableLocalAuth", true],
    ["Microsoft.OperationalInsights/workspaces", "properties.features.disableLocalAuth", true],
  ])("%s has %s = %j", (type, path, expected) => {
    const found = bodiesOf(type).map((body) => valueAt(body, path));
    expect(found.length).toBeGreaterThan(0);
    expect(found).toEqual(found.map(() => expected));
  });

  it("is published to without a password, over FTP as over HTTPS", () => {
    const policies = bodiesOf("Microsoft.Web/sites/basicPublishingCredentialsPolicies");
    expect(policies.map(({ name }) => name)).toEqual(["ftp", "scm"]);
  });

  it("is reached by identity: no template names a key or asks for one", () => {
    for (const { path, tree } of files) {
      expect([path, /\blist[A-Z]\w*\(|AccountKey|SharedAccessKey/.exec(tree.text)?.[0]]).toEqual([path, undefined]);
    }
  });
});

describe("the identity", () => {
  const assignments = [
    ...bodiesOf("Microsoft.Authorization/roleAssignments"),
    ...bodiesOf("Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments"),
  ];

  it("has these roles and no others", () => {
    expect(valueOf("infra/app/roles.bicep", "roleIds")).toEqual(roleIds);
    const granted = assignments.map((body) => {
      const definition = valueAt(body, "properties.roleDefinitionId");
      return /roleIds\.(\w+)/.exec(definition instanceof BicepExpression ? definition.text : "")?.[1];
    });
    expect(granted.toSorted()).toEqual(Object.keys(roleIds).sort());
  });

  it("has each of them on one resource, never on the group", () => {
    expect(assignments.filter((body) => !("scope" in body) && !("parent" in body))).toEqual([]);
  });

  it("gets them in roles.bicep and nowhere else", () => {
    const granting = files.filter(({ tree }) => tree.text.includes("roleAssignments@"));
    expect(granting.map(({ path }) => path)).toEqual(["infra/app/roles.bicep"]);
  });
});

describe("secrets", () => {
  const declarations = files.flatMap(({ path, declarations: all }) => all.map((one) => ({ path, ...one })));

  it("come in as secure parameters", () => {
    const named = declarations.filter(({ kind, name }) => kind === "parameter" && /tokens|secret|password/i.test(name));
    expect(named.map(({ path, name }) => `${path}: ${name}`)).toEqual([
      "infra/app/function-app.bicep: apiTokens",
      "infra/main.bicep: apiTokens",
    ]);
    expect(named.filter(({ decorators }) => !decorators.includes("@secure()"))).toEqual([]);
  });

  it("go out by no output", () => {
    const outputs = declarations.filter(({ kind }) => kind === "output");
    expect(outputs.length).toBeGreaterThan(0);
    expect(outputs.filter(({ node }) => /token|secret|password|connectionstring/i.test(node.text))).toEqual([]);
  });
});

describe("the function app", () => {
  const site = bodyOf("Microsoft.Web/sites");

  it("runs on the Node of this project", () => {
    const { devDependencies } = readJson("package.json") as { readonly devDependencies: { readonly node: string } };
    expect(valueAt(site, "properties.functionAppConfig.runtime")).toEqual({
      name: "node",
      version: devDependencies.node.split(".")[0],
    });
  });

  it("is the one that azd publishes the package to", () => {
    expect(readText("azure.yaml")).toMatch(/^services:\n(?: *#.*\n)* {2}api:$/m);
    expect(site["tags"]).toEqual(new BicepExpression("union(tags, {\n    'azd-service-name': 'api'\n  })"));
  });
});
