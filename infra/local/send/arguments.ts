import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { googleKey } from "../samples/google";
import { sampleProviders } from "../samples/registry";
import type { GoogleKey, SampleProvider } from "../samples/sample";
import { messageOf } from "../start-error";

/** What was typed cannot be done; the message is one line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The webhook to deliver to: one that there is, or one to be registered by somebody with this token. */
export type Webhook =
  | { readonly kind: "known"; readonly registrationId: string; readonly secret: string }
  | { readonly kind: "new"; readonly token: string };

/** What `npm run send` was asked for. */
export interface SendRequest {
  readonly provider: SampleProvider;
  readonly event: string;
  /** The gateway's address, without a slash at its end. */
  readonly gateway: string;
  readonly webhook: Webhook;
  /** Unless given, the one that the webhook has by default. */
  readonly scheme: string | undefined;
  readonly manner: "genuine" | "tampered" | "replayed";
  readonly count: number;
  readonly concurrency: number;
  /** Sent in the place of the sample's body. */
  readonly body: Buffer | undefined;
  readonly googleKey: GoogleKey | undefined;
  /** Where the certificate of the key is to be served meanwhile. */
  readonly certificatesPort: number | undefined;
}

const MAX_COUNT = 100_000;
const MAX_CONCURRENCY = 256;

const options = {
  list: { type: "boolean", default: false },
  provider: { type: "string" },
  event: { type: "string" },
  to: { type: "string" },
  registration: { type: "string" },
  secret: { type: "string" },
  register: { type: "boolean", default: false },
  token: { type: "string" },
  scheme: { type: "string" },
  count: { type: "string", default: "1" },
  concurrency: { type: "string", default: "16" },
  tamper: { type: "boolean", default: false },
  replay: { type: "boolean", default: false },
  body: { type: "string" },
  key: { type: "string" },
  "serve-certificates": { type: "string" },
  insecure: { type: "boolean", default: false },
} as const;

type Values = ReturnType<typeof parse>;

/**
 * Reads the words after `npm run send --`; "list" where the samples are to be listed. The environment may hold
 * `WEBHOOK_SECRET` and `API_TOKEN`, so that neither need stand in a shell's history.
 * @throws {UsageError}
 */
export function readArguments(words: readonly string[], env: NodeJS.ProcessEnv): SendRequest | "list" {
  const values = parse(words);
  if (values.list) return "list";
  const provider = sampleProviders.get(values.provider ?? "");
  if (provider === undefined)
    throw new UsageError(`--provider must be one of ${[...sampleProviders.keys()].join(", ")}`);
  const gateway = readGateway(values);
  const request = {
    provider,
    event: readEvent(values.event, provider),
    gateway: gateway.href.replace(/\/$/, ""),
    webhook: readWebhook(values, env, { needsSecret: provider.integrationId !== "google", gateway }),
    scheme: readScheme(values.scheme, provider),
    manner: readManner(values),
    count: readNumber("--count", values.count, MAX_COUNT),
    concurrency: readNumber("--concurrency", values.concurrency, MAX_CONCURRENCY),
    body: values.body === undefined ? undefined : readFile("--body", values.body),
    ...readGoogle(values, provider),
  };
  checkManner(request);
  return request;
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options }).values;
  } catch (error) {
    // Some of Node's messages go on with advice in further lines.
    throw new UsageError(messageOf(error).split("\n")[0]);
  }
}

function readGateway({ to, insecure }: Values): URL {
  if (to === undefined || !URL.canParse(to)) throw new UsageError("--to must be the gateway's URL");
  const url = new URL(to);
  const isPlain = url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  if (!["http:", "https:"].includes(url.protocol) || !isPlain) {
    throw new UsageError("--to must be an http or https URL without user, query or fragment");
  }
  if (url.protocol === "http:" && !isLoopback(url) && !insecure) {
    throw new UsageError(
      "--to must be https, unless it is a loopback address; --insecure sends over plain http anyway",
    );
  }
  return url;
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

function readWebhook(
  values: Values,
  env: NodeJS.ProcessEnv,
  { needsSecret, gateway }: { readonly needsSecret: boolean; readonly gateway: URL },
): Webhook {
  const { registration, register } = values;
  if (register === (registration !== undefined)) throw new UsageError("give either --registration ID or --register");
  if (registration === undefined) return { kind: "new", token: readToken(values, env, gateway) };
  if (!/^[\w-]+$/.test(registration)) throw new UsageError("--registration must be the id of a webhook");
  const secret = values.secret ?? env["WEBHOOK_SECRET"] ?? "";
  if (secret === "" && needsSecret) throw new UsageError("--secret, or WEBHOOK_SECRET in the environment, is missing");
  return { kind: "known", registrationId: registration, secret };
}

function readToken({ token, secret }: Values, env: NodeJS.ProcessEnv, gateway: URL): string {
  if (secret !== undefined)
    throw new UsageError("--register uses the secret that the gateway makes: leave out --secret");
  const given = token ?? env["API_TOKEN"] ?? "";
  if (given !== "") return given;
  if (isLoopback(gateway)) return "test-token";
  throw new UsageError("--token, or API_TOKEN in the environment, is missing");
}

function readEvent(event: string | undefined, { integrationId, events }: SampleProvider): string {
  const [first = ""] = events.keys();
  if (event === undefined || events.has(event)) return event ?? first;
  throw new UsageError(`${integrationId} has no sample ${event}; --list names those that there are`);
}

function readScheme(scheme: string | undefined, { integrationId, schemes }: SampleProvider): string | undefined {
  if (scheme === undefined || schemes.includes(scheme)) return scheme;
  throw new UsageError(`--scheme must be one of ${schemes.join(", ")} for ${integrationId}`);
}

function readManner({ tamper, replay }: Values): SendRequest["manner"] {
  if (tamper && replay) throw new UsageError("give either --tamper or --replay");
  return tamper ? "tampered" : replay ? "replayed" : "genuine";
}

function checkManner({ provider, event, manner, count }: SendRequest): void {
  if (manner === "replayed" && count > 1) throw new UsageError("--replay sends one delivery twice: leave out --count");
  if ((manner !== "genuine" || count > 1) && provider.events.get(event)?.().isHandshake) {
    throw new UsageError(`${event} is a handshake, which may be unsigned and repeated: it is sent as it is, once`);
  }
}

function readNumber(name: string, text: string, max: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > max) throw new UsageError(`${name} must be a whole number from 1 to ${max}`);
  return number;
}

function readGoogle(
  { key, "serve-certificates": port }: Values,
  { integrationId }: SampleProvider,
): Pick<SendRequest, "googleKey" | "certificatesPort"> {
  const isGiven = key !== undefined || port !== undefined;
  if (integrationId !== "google") {
    if (isGiven) throw new UsageError("--key and --serve-certificates are for google alone");
    return { googleKey: undefined, certificatesPort: undefined };
  }
  if (!isGiven) {
    throw new UsageError(
      "google signs with a key: give --key FILE or --serve-certificates PORT, for a gateway whose GOOGLE_CERTIFICATES_URL is a stand-in",
    );
  }
  return {
    googleKey: readKey(key),
    certificatesPort: port === undefined ? undefined : readNumber("--serve-certificates", port, 65_535),
  };
}

function readKey(path: string | undefined): GoogleKey {
  const pem = path === undefined ? undefined : readFile("--key", path);
  try {
    return googleKey(pem);
  } catch {
    // What OpenSSL says of a file is of no use, and might quote it.
    throw new UsageError("--key must be the PEM file of an RSA private key");
  }
}

function readFile(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${name}: ${messageOf(error)}`);
  }
}
