import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import {
  asObject,
  type BicepDeclaration,
  type BicepFile,
  BicepExpression,
  nodesOf,
  readBicepFile,
  readBicepFiles,
} from "../support/bicep";
import { moduleOutputsUsed, undeclaredNames, unusedNames } from "../support/bicep-names";

/** What a compiler would say of the templates, as far as it can be said without one (docs/deployment.md). */
const root = join(__dirname, "../..");
const files = readBicepFiles();

/** Each type at a version whose documentation was read when the template was written. */
const resourceTypes = [
  "Microsoft.Authorization/roleAssignments@2022-04-01",
  "Microsoft.DocumentDB/databaseAccounts@2024-11-15",
  "Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2024-11-15",
  "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15",
  "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2024-11-15",
  "Microsoft.Insights/actionGroups@2023-01-01",
  "Microsoft.Insights/components@2020-02-02",
  "Microsoft.Insights/diagnosticSettings@2021-05-01-preview",
  "Microsoft.Insights/metricAlerts@2018-03-01",
  "Microsoft.Insights/scheduledQueryRules@2023-12-01",
  "Microsoft.Insights/workbooks@2023-06-01",
  "Microsoft.KeyVault/vaults@2026-02-01",
  "Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31",
  "Microsoft.Network/natGateways@2024-05-01",
  "Microsoft.Network/privateDnsZones@2020-06-01",
  "Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01",
  "Microsoft.Network/privateEndpoints@2024-05-01",
  "Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01",
  "Microsoft.Network/publicIPAddresses@2024-05-01",
  "Microsoft.Network/virtualNetworks@2024-05-01",
  "Microsoft.OperationalInsights/workspaces@2023-09-01",
  "Microsoft.Resources/resourceGroups@2024-03-01",
  "Microsoft.ServiceBus/namespaces@2024-01-01",
  "Microsoft.ServiceBus/namespaces/queues@2024-01-01",
  "Microsoft.Storage/storageAccounts@2024-01-01",
  "Microsoft.Storage/storageAccounts/blobServices@2024-01-01",
  "Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01",
  "Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01",
  "Microsoft.Web/serverfarms@2024-04-01",
  "Microsoft.Web/sites@2024-04-01",
  "Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01",
  "Microsoft.Web/sites/config@2024-04-01",
];

function fileNamed(path: string): BicepFile {
  const file = files.find((candidate) => candidate.path === path);
  if (!file) throw new Error(`there is no ${path}`);
  return file;
}

function declared(file: BicepFile, kind: BicepDeclaration["kind"]): readonly BicepDeclaration[] {
  return file.declarations.filter((declaration) => declaration.kind === kind);
}

function namesOf(file: BicepFile, kind: BicepDeclaration["kind"]): readonly string[] {
  return declared(file, kind).map(({ name }) => name);
}

function calleeOf(file: BicepFile, module: BicepDeclaration): BicepFile {
  return fileNamed(posix.join(posix.dirname(file.path), module.subject));
}

function syntaxErrors(file: BicepFile): readonly string[] {
  return [...nodesOf(file.tree)]
    .filter(({ broken }) => broken)
    .map(({ line, column }) => `${file.path}:${line}:${column}: not Bicep`);
}

const modules = files.flatMap((file) => declared(file, "module").map((module) => ({ file, module })));
const resources = files.flatMap((file) => declared(file, "resource").map((resource) => ({ file, resource })));

describe.each(files.map((file) => [file.path, file] as const))("%s", (_path, file) => {
  it("is Bicep", () => {
    expect(syntaxErrors(file)).toEqual([]);
    expect(file.declarations.length).toBeGreaterThan(0);
  });

  it("uses only names that it declares, and functions that there are", () => {
    expect(undeclaredNames(file)).toEqual([]);
  });

  it("declares no parameter and no variable for nothing", () => {
    expect(unusedNames(file)).toEqual([]);
  });

  it("describes every parameter", () => {
    const undescribed = declared(file, "parameter").filter(
      ({ decorators }) => !decorators.some((text) => /description\('.*[.:]/s.test(text)),
    );
    expect(undescribed.map(({ name }) => name)).toEqual([]);
  });

  it("says at its head what it is for", () => {
    expect(file.tree.text).toMatch(/^\/\/ [A-Z]/);
  });
});

describe("the modules", () => {
  it.each(modules.map(({ file, module }) => [`${file.path} → ${module.subject}`, file, module] as const))(
    "%s: gets every parameter that it needs, and none that it does not have",
    (_name, file, module) => {
      const given = Object.keys(asObject(asObject(module.body)["params"]));
      const callee = calleeOf(file, module);
      const needed = declared(callee, "parameter").filter(({ body }) => body === undefined);
      expect(given.filter((name) => !namesOf(callee, "parameter").includes(name))).toEqual([]);
      expect(needed.map(({ name }) => name).filter((name) => !given.includes(name))).toEqual([]);
    },
  );

  it("have every output that is asked of them", () => {
    const missing = files.flatMap((file) =>
      moduleOutputsUsed(file).filter(({ module, output }) => {
        const called = declared(file, "module").find(({ name }) => name === module);
        return !called || !namesOf(calleeOf(file, called), "output").includes(output);
      }),
    );
    expect(missing).toEqual([]);
  });

  it("are files of this project, each called from somewhere", () => {
    const called = new Set(modules.map(({ file, module }) => calleeOf(file, module).path));
    expect(files.map(({ path }) => path).filter((path) => !called.has(path))).toEqual(["infra/main.bicep"]);
  });

  it("load only files that exist", () => {
    for (const { path, tree } of files) {
      for (const [, loaded = ""] of tree.text.matchAll(/loadTextContent\('([^']+)'\)/g)) {
        expect([loaded, existsSync(join(root, posix.dirname(path), loaded))]).toEqual([loaded, true]);
      }
    }
  });
});

describe("the resources", () => {
  it("are of known types at documented versions", () => {
    expect([...new Set(resources.map(({ resource }) => resource.subject))].sort()).toEqual(resourceTypes.toSorted());
  });

  it("have a name, and a place where they have no parent, no scope and are to be made", () => {
    for (const { file, resource } of resources) {
      const body = asObject(resource.body);
      expect([file.path, resource.name, "name" in body]).toEqual([file.path, resource.name, true]);
      const isPlaced = resource.isExisting || "parent" in body || "scope" in body || "location" in body;
      expect([file.path, resource.name, isPlaced]).toEqual([file.path, resource.name, true]);
    }
  });
});

describe("these checks", () => {
  const folder = mkdtempSync(join(tmpdir(), "castiel-bicep-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  function read(...lines: readonly string[]): BicepFile {
    const path = join(folder, "tried.bicep");
    writeFileSync(path, `${lines.join("\n")}\n`);
    return { ...readBicepFile(path), path: "tried.bicep" };
  }

  it("tell the line and the column of a syntax error", () => {
    const file = read("resource r 'Microsoft.X/y@2024-01-01' = {", "  name: 'r'", "  zones: [ 1", "}");
    expect(syntaxErrors(file)).toEqual(["tried.bicep:3:13: not Bicep"]);
  });

  it("find names that are not declared, and functions that there are not", () => {
    const file = read(
      "var a = [for one in b: one.name]",
      "var c = map(a, x => '${x}-${d}')",
      "output o string = emtpy(c)",
    );
    expect(undeclaredNames(file)).toEqual(["tried.bicep:1:21: b", "tried.bicep:2:29: d", "tried.bicep:3:19: emtpy"]);
  });

  it("find what nothing uses", () => {
    expect(unusedNames(read("param a string", "var b = a", "param c object"))).toEqual([
      "tried.bicep: b",
      "tried.bicep: c",
    ]);
  });

  it("read literals as values, and leave expressions as they are", () => {
    const file = read(
      "var a = {",
      "  'odata.type': 'x\\'y'",
      "  n: -1 // why",
      "  t: true",
      "  z: null",
      "  e: '${b}'",
      "}",
    );
    expect(file.declarations[0]?.body).toEqual({
      "odata.type": "x'y",
      n: -1,
      t: true,
      z: null,
      e: new BicepExpression("'${b}'"),
    });
  });
});
