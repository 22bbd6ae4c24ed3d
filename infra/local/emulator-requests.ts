import { createHmac } from "node:crypto";
import { StartError } from "./start-error";

/** An account of an emulator, as its connection string names it. */
export interface EmulatorAccount {
  /** Without a slash at the end. */
  readonly endpoint: string;
  readonly name: string;
  /** Base64. */
  readonly key: string;
}

/** Microsoft publishes the name and the key of this account (learn.microsoft.com, "Use the Azurite emulator"): no secret. */
const developmentStorage =
  "AccountName=devstoreaccount1;" +
  "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;" +
  "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;";

/** @throws {StartError} the text of the setting is no connection string */
export function cosmosAccountOf(setting: string, connectionString: string): EmulatorAccount {
  const part = partsOf(setting, connectionString);
  return { endpoint: withoutSlash(part("AccountEndpoint")), name: "", key: part("AccountKey") };
}

/** @throws {StartError} the text of the setting is no connection string */
export function storageAccountOf(setting: string, connectionString: string): EmulatorAccount {
  const isShort = connectionString.startsWith("UseDevelopmentStorage=true");
  const part = partsOf(setting, isShort ? developmentStorage : connectionString);
  return { endpoint: withoutSlash(part("BlobEndpoint")), name: part("AccountName"), key: part("AccountKey") };
}

/**
 * Creates a database or a container (`type` and `parent` in the words of the REST API, "Access control in the Azure
 * Cosmos DB SQL API"). Answers false if it was there already.
 * @throws {StartError}
 */
export async function createInCosmos(
  { endpoint, key }: EmulatorAccount,
  { type, parent }: { readonly type: "dbs" | "colls"; readonly parent: string },
  definition: { readonly id: string },
): Promise<boolean> {
  const date = new Date().toUTCString();
  const signature = sign(key, `post\n${type}\n${parent}\n${date.toLowerCase()}\n\n`);
  return create(`${endpoint}/${parent === "" ? type : `${parent}/${type}`}`, {
    method: "POST",
    headers: {
      authorization: encodeURIComponent(`type=master&ver=1.0&sig=${signature}`),
      "content-type": "application/json",
      "x-ms-date": date,
      "x-ms-version": "2018-12-31",
    },
    body: JSON.stringify(definition),
  });
}

/**
 * Creates a container of blobs ("Authorize with Shared Key" of the REST API). Answers false if it was there already.
 * @throws {StartError}
 */
export async function createBlobContainer(account: EmulatorAccount, container: string): Promise<boolean> {
  const { endpoint, name, key } = account;
  const headers = { "x-ms-date": new Date().toUTCString(), "x-ms-version": "2021-08-06" };
  const canonical = Object.entries(headers).map(([header, value]) => `${header}:${value}\n`);
  const path = `/${name}${new URL(`${endpoint}/${container}`).pathname}`;
  const signature = sign(key, `PUT${"\n".repeat(12)}${canonical.join("")}${path}\nrestype:container`);
  return create(`${endpoint}/${container}?restype=container`, {
    method: "PUT",
    headers: { ...headers, authorization: `SharedKey ${name}:${signature}` },
  });
}

async function create(url: string, request: RequestInit): Promise<boolean> {
  const response = await fetch(url, request).catch((error: unknown) => {
    throw new StartError(`no emulator answers at ${new URL(url).origin}`, error);
  });
  const text = await response.text();
  if (response.status === 201) return true;
  if (response.status === 409) return false;
  throw new StartError(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
}

function sign(key: string, text: string): string {
  return createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
}

function partsOf(setting: string, connectionString: string): (name: string) => string {
  const parts = new Map(connectionString.split(";").map((part) => splitOnce(part)));
  return (name) => {
    const value = parts.get(name);
    if (value === undefined) throw new StartError(`${setting} names no ${name}`);
    return value;
  };
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf("=");
  return [text.slice(0, at), text.slice(at + 1)];
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
