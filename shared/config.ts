import Ajv, { type ErrorObject } from "ajv";
import type { ApiToken } from "./core/caller";
import { parseJson } from "./core/delivery-request";

/** One setting of the environment: its JSON schema, its default and what it is for. The README's table is made of this. */
interface Setting {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly default?: string;
  readonly description: string;
}

const text = { type: "string", minLength: 1 };
const url = { type: "string", pattern: "^https?://[^\\s/]+" };
const whole = (minimum: number, maximum: number) => ({ type: "integer", minimum, maximum });

/** Every setting that the product reads. */
export const settings = {
  CASTIEL_MODE: { schema: { enum: ["embedded"] }, description: "Where state lives: `embedded` is one SQLite file." },
  PUBLIC_BASE_URL: {
    schema: url,
    description: "The address that providers call; https unless it is a loopback address. Default: the local address.",
  },
  PORT: { schema: whole(0, 65_535), default: "3000", description: "Port of the local host; 0 takes a free one." },
  LISTEN_HOST: { schema: text, default: "127.0.0.1", description: "Address that the local host listens on." },
  DATA_DIRECTORY: { schema: text, default: ".data", description: "Folder of the embedded store." },
  LOG_FORMAT: {
    schema: { enum: ["auto", "text", "json"] },
    default: "auto",
    description: "`text` for people, `json` for machines, `auto`: text on a terminal.",
  },
  LOG_LEVEL: {
    schema: { enum: ["debug", "info", "warn", "error"] },
    default: "info",
    description: "The least serious log lines that are written.",
  },
  API_TOKENS: {
    schema: text,
    default: "[]",
    description: "JSON list of API tokens, each as printed by `npm run token`: hash, tenantId, scopes, operator.",
  },
  OIDC_ISSUER: { schema: url, description: "Issuer of JWTs for the management API; may hold `{tenantid}`." },
  OIDC_AUDIENCE: { schema: text, description: "Audience that a JWT must name." },
  OIDC_JWKS_URL: { schema: url, description: "Where the issuer publishes its keys." },
  OIDC_TENANT_CLAIM: { schema: text, default: "tid", description: "The claim that names the tenant." },
  OIDC_TENANT_MAP: {
    schema: text,
    default: "{}",
    description: "JSON object from claim value to tenant id; needed where the issuer holds `{tenantid}`.",
  },
  GOOGLE_CERTIFICATES_URL: {
    schema: url,
    default: "https://www.googleapis.com/oauth2/v1/certs",
    description: "Where Google publishes the certificates of its tokens.",
  },
  TIMESTAMP_TOLERANCE_SECONDS: {
    schema: whole(1, 3600),
    default: "300",
    description: "How far a signed timestamp may be from now, either way.",
  },
  MAX_BODY_BYTES: {
    schema: whole(1024, 104_857_600),
    default: "26214400",
    description: "Largest body of any request; providers have lower caps of their own.",
  },
  QUEUE_TIMEOUT_MS: {
    schema: whole(10, 30_000),
    default: "2000",
    description: "How long a delivery waits for the queue before 503.",
  },
  QUEUE_NAME: { schema: text, default: "sync-events", description: "Name of the event queue." },
  HEALTH_SCHEDULE: {
    schema: text,
    default: "0 */5 * * * *",
    description: "NCRONTAB schedule (UTC) of the health timer.",
  },
  HEALTH_WINDOW_MINUTES: {
    schema: whole(5, 1440),
    default: "60",
    description: "Sliding window of the health counters.",
  },
  DELIVERY_RETENTION_DAYS: {
    schema: whole(1, 3650),
    default: "30",
    description: "How long delivery records and sync tasks are kept.",
  },
  RATE_LIMIT_REGISTRATION: {
    schema: whole(1, 1_000_000),
    default: "1000",
    description: "Verified deliveries a second per webhook; a bucket holds ten seconds' worth.",
  },
  RATE_LIMIT_TENANT: {
    schema: whole(1, 1_000_000),
    default: "5000",
    description: "Verified deliveries a second per tenant; a bucket holds ten seconds' worth.",
  },
  RATE_LIMIT_UNVERIFIED: {
    schema: whole(1, 1_000_000),
    default: "10",
    description: "Refused attempts a second per webhook and source address; a bucket holds ten seconds' worth.",
  },
  CACHE_MAX_REGISTRATIONS: {
    schema: whole(1, 1_000_000),
    default: "10000",
    description: "Registrations kept in memory.",
  },
} as const satisfies Record<string, Setting>;

/** The name of a setting. */
export type SettingName = keyof typeof settings;

/** How JWTs of the management API are checked. */
export interface OidcConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly tenantClaim: string;
  readonly tenantMap?: Readonly<Record<string, string>>;
}

/** The configuration: read once, checked as a whole, frozen. Durations carry their unit. */
export interface Config {
  readonly mode: "embedded";
  /** Absent: the local host's own address, known once it listens. */
  readonly publicBaseUrl?: string;
  readonly port: number;
  readonly listenHost: string;
  readonly dataDirectory: string;
  readonly logFormat: "auto" | "text" | "json";
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly apiTokens: readonly ApiToken[];
  readonly oidc?: OidcConfig;
  /** Nothing is configured for the management API: `test-token` stands for `tenant-123`, on loopback only. */
  readonly usesDefaultToken: boolean;
  readonly googleCertificatesUrl: string;
  readonly toleranceSeconds: number;
  readonly maxBodyBytes: number;
  readonly queueTimeoutMs: number;
  readonly healthWindowMs: number;
  readonly retentionSeconds: number;
  readonly ratePerSecond: { readonly registration: number; readonly tenant: number; readonly unverified: number };
  readonly cacheMaxRegistrations: number;
  /** Values that `%NAME%` in a trigger stands for. */
  readonly appSettings: Readonly<Record<string, string>>;
}

/** The configuration is wrong; the message names every setting that is, one a line. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
  }
}

const apiTokensSchema = {
  type: "array",
  items: {
    type: "object",
    required: ["hash", "tenantId", "scopes"],
    additionalProperties: false,
    properties: {
      hash: { type: "string", pattern: "^[0-9a-f]{64}$" },
      tenantId: text,
      scopes: { type: "array", items: { enum: ["webhooks.read", "webhooks.write"] } },
      operator: { type: "boolean" },
    },
  },
};
const tenantMapSchema = { type: "object", additionalProperties: text };

/**
 * Reads and checks the environment. An empty value counts as absent; names that are not ours are left alone.
 * @throws {ConfigError} naming every problem
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const problems: string[] = [];
  const values = readSettings(env, problems);
  const apiTokens = readJson<ApiToken[]>("API_TOKENS", { values, schema: apiTokensSchema, fallback: [] }, problems);
  const tenantMap = readJson<Record<string, string>>(
    "OIDC_TENANT_MAP",
    { values, schema: tenantMapSchema, fallback: {} },
    problems,
  );
  const oidc = readOidc(values, tenantMap, problems);
  checkPublicUrl(values["PUBLIC_BASE_URL"], problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(toConfig(values, apiTokens, oidc));
}

type Values = Readonly<Record<string, string | number | undefined>>;

function readSettings(env: NodeJS.ProcessEnv, problems: string[]): Values {
  const ajv = new Ajv({ allErrors: true, coerceTypes: true, strict: false });
  const values: Record<string, string | number | undefined> = {};
  for (const [name, setting] of Object.entries<Setting>(settings)) {
    const raw = env[name] === undefined || env[name] === "" ? setting.default : env[name];
    if (raw !== undefined) values[name] = raw;
  }
  const properties = Object.fromEntries(Object.entries<Setting>(settings).map(([name, { schema }]) => [name, schema]));
  if (!ajv.validate({ type: "object", required: ["CASTIEL_MODE"], properties }, values)) {
    problems.push(...(ajv.errors ?? []).map(toSentence));
  }
  return values;
}

function toSentence(error: ErrorObject): string {
  if (error.keyword === "required") return `${String(error.params["missingProperty"])} is missing`;
  const allowed: unknown = error.params["allowedValues"];
  const among = Array.isArray(allowed) ? `: ${allowed.join(", ")}` : "";
  return `${error.instancePath.slice(1)} ${error.message ?? "is wrong"}${among}`;
}

interface JsonSetting<T> {
  readonly values: Values;
  readonly schema: object;
  /** Stands in for a value that is wrong, until all problems are told. */
  readonly fallback: T;
}

function readJson<T>(name: SettingName, { values, schema, fallback }: JsonSetting<T>, problems: string[]): T {
  const value = parseJson(String(values[name]));
  const ajv = new Ajv({ allErrors: true, strict: false });
  const validate = ajv.compile<T>(schema);
  if (validate(value)) return value;
  const detail = value === undefined ? "is not JSON" : ajv.errorsText(validate.errors, { dataVar: "" });
  problems.push(`${name} ${detail}`);
  return fallback;
}

function readOidc(values: Values, tenantMap: Record<string, string>, problems: string[]): OidcConfig | undefined {
  const [issuer, audience, jwksUrl] = [values["OIDC_ISSUER"], values["OIDC_AUDIENCE"], values["OIDC_JWKS_URL"]];
  const named = [issuer, audience, jwksUrl].filter((value) => value !== undefined);
  if (named.length === 0) return undefined;
  if (issuer === undefined || audience === undefined || jwksUrl === undefined) {
    problems.push("OIDC_ISSUER, OIDC_AUDIENCE and OIDC_JWKS_URL must be set together");
    return undefined;
  }
  const mapped = Object.keys(tenantMap).length > 0;
  if (String(issuer).includes("{tenantid}") && !mapped) {
    problems.push("OIDC_TENANT_MAP must list the tenants, because OIDC_ISSUER holds {tenantid}");
  }
  return {
    issuer: String(issuer),
    audience: String(audience),
    jwksUrl: String(jwksUrl),
    tenantClaim: String(values["OIDC_TENANT_CLAIM"]),
    ...(mapped ? { tenantMap } : {}),
  };
}

function checkPublicUrl(value: string | number | undefined, problems: string[]): void {
  if (typeof value !== "string" || !URL.canParse(value)) return;
  const { protocol, hostname } = new URL(value);
  const loopback = hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
  if (protocol !== "https:" && !loopback)
    problems.push("PUBLIC_BASE_URL must be https, unless it is a loopback address");
}

function toConfig(values: Values, apiTokens: readonly ApiToken[], oidc: OidcConfig | undefined): Config {
  const string = (name: SettingName): string => String(values[name]);
  const number = (name: SettingName): number => Number(values[name]);
  return {
    mode: "embedded",
    ...(values["PUBLIC_BASE_URL"] === undefined
      ? {}
      : { publicBaseUrl: string("PUBLIC_BASE_URL").replace(/\/+$/, "") }),
    port: number("PORT"),
    listenHost: string("LISTEN_HOST"),
    dataDirectory: string("DATA_DIRECTORY"),
    logFormat: oneOf(["auto", "text", "json"], string("LOG_FORMAT")),
    logLevel: oneOf(["debug", "info", "warn", "error"], string("LOG_LEVEL")),
    apiTokens,
    ...(oidc === undefined ? {} : { oidc }),
    usesDefaultToken: apiTokens.length === 0 && oidc === undefined,
    googleCertificatesUrl: string("GOOGLE_CERTIFICATES_URL"),
    toleranceSeconds: number("TIMESTAMP_TOLERANCE_SECONDS"),
    maxBodyBytes: number("MAX_BODY_BYTES"),
    queueTimeoutMs: number("QUEUE_TIMEOUT_MS"),
    healthWindowMs: number("HEALTH_WINDOW_MINUTES") * 60_000,
    retentionSeconds: number("DELIVERY_RETENTION_DAYS") * 86_400,
    ratePerSecond: {
      registration: number("RATE_LIMIT_REGISTRATION"),
      tenant: number("RATE_LIMIT_TENANT"),
      unverified: number("RATE_LIMIT_UNVERIFIED"),
    },
    cacheMaxRegistrations: number("CACHE_MAX_REGISTRATIONS"),
    appSettings: Object.freeze({ QUEUE_NAME: string("QUEUE_NAME"), HEALTH_SCHEDULE: string("HEALTH_SCHEDULE") }),
  };
}

function oneOf<T extends string>(allowed: readonly [T, ...T[]], value: string): T {
  return allowed.find((candidate) => candidate === value) ?? allowed[0];
}
