import { isLoopback } from "../core/remote-address";
import type { SettingName, Values } from "./settings";

/** How a service is reached: by its address and our identity or, for emulators, by a connection string. */
export type Connection = { readonly address: string } | { readonly connectionString: string };

/** What the app stands on in Azure. */
export interface AzureBackEnds {
  readonly kind: "azure";
  readonly cosmos: { readonly connection: Connection; readonly database: string };
  readonly serviceBus: { readonly connection: Connection; readonly queueName: string };
  readonly keyVault: { readonly uri: string; readonly isEmulator: boolean };
  readonly payloads: { readonly connection: Connection; readonly container: string };
  readonly identity: Identity;
}

/** Who we are to the services: the app's managed identity or, on a developer's machine, the developer. */
export type Identity = { readonly kind: "managed"; readonly clientId?: string } | { readonly kind: "developer" };

/** Reads what Azure mode needs; what is missing or wrong is added to `problems`, all of it. */
export function readAzure(values: Values, env: NodeJS.ProcessEnv, problems: string[]): AzureBackEnds {
  const text = (name: SettingName): string => String(values[name] ?? "");
  const connect = (byIdentity: SettingName, byString: SettingName): Connection => {
    if (text(byString) !== "") return { connectionString: text(byString) };
    if (text(byIdentity) === "") problems.push(`${byIdentity} is missing`);
    else checkHttps(byIdentity, text(byIdentity), problems);
    return { address: text(byIdentity) };
  };
  return {
    kind: "azure",
    cosmos: { connection: connect("COSMOS_ENDPOINT", "COSMOS_CONNECTION_STRING"), database: text("COSMOS_DATABASE") },
    serviceBus: {
      connection: connect("ServiceBusConnection__fullyQualifiedNamespace", "ServiceBusConnection"),
      queueName: text("QUEUE_NAME"),
    },
    keyVault: readKeyVault(text("KEY_VAULT_URI"), text("KEY_VAULT_EMULATOR") === "true", problems),
    payloads: {
      connection: connect("PAYLOAD_BLOB_SERVICE_URI", "PAYLOAD_BLOB_CONNECTION_STRING"),
      container: text("PAYLOAD_CONTAINER"),
    },
    identity: readIdentity(text("AZURE_CLIENT_ID"), env),
  };
}

/** The platform sets IDENTITY_ENDPOINT wherever a managed identity can be used. */
function readIdentity(clientId: string, env: NodeJS.ProcessEnv): Identity {
  if ((env["IDENTITY_ENDPOINT"] ?? "") === "") return { kind: "developer" };
  return { kind: "managed", ...(clientId === "" ? {} : { clientId }) };
}

/** The vault's client speaks https to anybody, emulators included . */
function readKeyVault(uri: string, isEmulator: boolean, problems: string[]): AzureBackEnds["keyVault"] {
  if (uri === "") problems.push("KEY_VAULT_URI is missing");
  else if (!uri.startsWith("https://")) problems.push("KEY_VAULT_URI must be https");
  if (isEmulator && !isLoopbackUrl(uri)) problems.push("KEY_VAULT_EMULATOR is for a vault on a loopback address");
  return { uri, isEmulator };
}

/** Plain http is for loopback addresses alone. A value that is no URL has been told as a problem before. */
export function checkHttps(name: SettingName, value: string, problems: string[]): void {
  if (URL.canParse(value) && new URL(value).protocol === "http:" && !isLoopbackUrl(value))
    problems.push(`${name} must be https, unless it is a loopback address`);
}

function isLoopbackUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { hostname } = new URL(value);
  return hostname === "localhost" || isLoopback(hostname.replace(/^\[|\]$/g, ""));
}
