import { readFileSync } from "node:fs";
import { join } from "node:path";
import { settings } from "../../shared/config/settings";
import { asObject, type BicepFile, type BicepObject, type BicepValue, readBicepFiles } from "./bicep";

/** The folder of the project. */
export const root = join(__dirname, "../..");

/** Every Bicep file, read once. */
export const files: readonly BicepFile[] = readBicepFiles();

/** A text file of the project. */
export function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** A JSON file of the project; its shape is for the caller to know. */
export function readJson(path: string): unknown {
  return JSON.parse(readText(path));
}

/** The text of one Bicep file. */
export function bicepText(path: string): string {
  const file = files.find((candidate) => candidate.path === path);
  if (!file) throw new Error(`there is no ${path}`);
  return file.tree.text;
}

/** What a parameter or variable of a file is set to. */
export function valueOf(path: string, name: string): BicepValue | undefined {
  const file = files.find((candidate) => candidate.path === path);
  return file?.declarations.find((declaration) => declaration.name === name)?.body;
}

/** The bodies of the resources of a type that the templates make. */
export function bodiesOf(type: string): readonly BicepObject[] {
  return files
    .flatMap(({ declarations }) => declarations)
    .filter(({ kind, subject, isExisting }) => kind === "resource" && subject.startsWith(`${type}@`) && !isExisting)
    .map(({ body }) => asObject(body));
}

/** The one resource of a type that the templates make. */
export function bodyOf(type: string): BicepObject {
  const [body, ...others] = bodiesOf(type);
  if (!body || others.length > 0) throw new Error(`there are ${others.length + (body ? 1 : 0)} resources ${type}`);
  return body;
}

/** A string literal. */
export function stringOf(value: BicepValue | undefined): string {
  if (typeof value !== "string") throw new Error("not a string");
  return value;
}

/** A list of object literals. */
export function objectsOf(value: BicepValue | undefined): readonly BicepObject[] {
  if (!Array.isArray(value)) throw new Error("not a list");
  return (value as readonly BicepValue[]).map((item) => asObject(item)); // isArray widens a read-only array to any[]
}

/** The app settings that function-app.bicep makes. */
export const appSettings: BicepObject = asObject(valueOf("infra/app/function-app.bicep", "appSettings"));

/** Settings of the Functions host, which the app never reads, and why they are there. */
const hostSettings: Readonly<Record<string, string>> = {
  AzureWebJobsStorage: "the host's own state, in the emulator",
  AzureWebJobsStorage__credential: "the host's own state, by identity",
  AzureWebJobsStorage__clientId: "which identity",
  AzureWebJobsStorage__blobServiceUri: "where: the timer's lease and schedule are blobs",
  AzureWebJobsDisableHomepage: "without a route prefix the host would show its home page at /",
  APPLICATIONINSIGHTS_CONNECTION_STRING: "where the host sends logs",
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: "by which identity, as the component takes no key",
  ServiceBusConnection__credential: "the queue trigger, by identity",
  ServiceBusConnection__clientId: "which identity",
  FUNCTIONS_WORKER_RUNTIME: "which language worker; on a laptop only",
};

/** Every name that a template or an example may set. */
export const knownSettings: ReadonlySet<string> = new Set([...Object.keys(settings), ...Object.keys(hostSettings)]);
