import { globSync } from "node:fs";
import { join } from "node:path";
import { HttpRequest, type HttpResponseInit } from "@azure/functions";
import { type App, startApp } from "../../shared/app";
import { rememberRemoteAddress } from "../../shared/core/remote-address";
import { recordedFunctions } from "./functions-core";

const root = join(__dirname, "..", "..");

/** Loads every function file, so that `recordedFunctions` has them all. */
export function loadFunctions(): void {
  for (const file of globSync("functions/*.ts", { cwd: root }).sort()) jest.requireActual(join(root, file));
}

/** What a test sends. */
export interface TestRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The socket's address; by default this machine's. `null`: the host does not tell. */
  readonly from?: string | null;
}

/** A reply with its JSON. */
export interface TestReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON of any shape: tests look into it. */
  readonly json: ReturnType<typeof JSON.parse>;
  /** A body that is no JSON. */
  readonly text: unknown;
}

/** Starts the app that the functions use, on a store in memory; on the real clock unless another is given. */
export function startFunctions(env: Readonly<Record<string, string>> = {}, now = Date.now): Promise<App> {
  loadFunctions();
  return startApp({
    now,
    env: { CASTIEL_MODE: "embedded", DATA_DIRECTORY: ":memory:", PUBLIC_BASE_URL: "https://hooks.example.com", ...env },
    log: () => undefined,
  });
}

/** Calls a function by its name, with a real `HttpRequest`. */
export async function call(name: string, request: TestRequest = {}): Promise<TestReply> {
  const definition = recordedFunctions.find((candidate) => candidate.name === name);
  if (!definition) throw new Error(`no function is named ${name}`);
  const { body, from = "127.0.0.1", method = "GET" } = request;
  const search = new URLSearchParams(request.query).toString();
  const input = new HttpRequest({
    method,
    url: `http://localhost:3000/${search === "" ? "" : `?${search}`}`,
    headers: {
      host: "localhost:3000",
      ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      ...request.headers,
    },
    params: { ...request.params },
    query: { ...request.query },
    ...(body === undefined ? {} : { body: { bytes: Buffer.from(body) } }),
  });
  if (from !== null) rememberRemoteAddress(input, from);
  const reply = (await definition.handler(input, {})) as HttpResponseInit;
  const { status = 200, jsonBody: json, body: text } = reply;
  return { status, headers: reply.headers as Record<string, string>, json, text };
}

/** The header of the seed's token. */
export const testToken = { authorization: "Bearer test-token" };
