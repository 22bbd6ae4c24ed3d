import Ajv, { type ErrorObject } from "ajv";
import { type ApiToken, scopes } from "./core/caller";
import { type AlertsConfig, readAlerts } from "./config/alerts";
import { type AzureBackEnds, checkHttps, readAzure } from "./config/azure";
import { type OutboundConfig, readOutbound } from "./config/outbound";
import { type MailConfig, readMail } from "./config/mail";
import { readSyncEngine, type SyncEngineConfig } from "./config/sync-engine";
import { readTracing, type TracingConfig } from "./config/tracing";
import { type Setting, type SettingName, settings, type Values } from "./config/settings";
import { parseJson } from "./core/delivery-request";
import type { HoldBounds } from "./core/pause";
import type { VendorSettings } from "./core/vendor-settings";

/** How JWTs of the management API are checked. */
export interface OidcConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly tenantClaim: string;
  readonly tenantMap?: Readonly<Record<string, string>>;
}

/** What the app stands on as one process. */
export interface EmbeddedBackEnds {
  readonly kind: "embedded";
  readonly dataDirectory: string;
}

/** The configuration: read once, checked as a whole, frozen. Durations carry their unit. */
export interface Config {
  readonly backEnds: EmbeddedBackEnds | AzureBackEnds;
  /** Absent: the local host's own address, known once it listens. */
  readonly publicBaseUrl?: string;
  readonly port: number;
  readonly listenHost: string;
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
  readonly auditRetentionSeconds: number;
  /** 0: a secret never is too old. */
  readonly secretMaxAgeMs: number;
  readonly rotationOverlapSeconds: number;
  readonly rotationQuietSeconds: number;
  /** Events that had their effect are kept with their delivery records. */
  readonly keepsEvents: boolean;
  /** How much of a paused webhook is held. */
  readonly holdBounds: HoldBounds;
  readonly ratePerSecond: { readonly registration: number; readonly tenant: number; readonly unverified: number };
  /** Events of one record within this time are one task. */
  readonly coalesceWindowMs: number;
  /** An event of our own goes all the way once a minute. */
  readonly canary: boolean;
  /** Calls a minute to providers that a tenant may allow itself. */
  readonly callsMaximum: number;
  /** May hold a password: never to be logged. */
  readonly redisUrl?: string;
  readonly cacheMaxRegistrations: number;
  readonly outbound: OutboundConfig;
  readonly alerts: AlertsConfig;
  /** Absent: alerts go by mail to nobody. */
  readonly mail?: MailConfig;
  /** Absent: the built-in engine. */
  readonly syncEngine?: SyncEngineConfig;
  /** Absent: nothing is traced. */
  readonly tracing?: TracingConfig;
  readonly vendors: VendorSettings;
  /** Values that `%NAME%` in a trigger stands for. */
  readonly appSettings: Readonly<Record<string, string>>;
}

/** How callers of the management API are known. */
export type AccessConfig = Pick<Config, "apiTokens" | "usesDefaultToken"> & { readonly oidc?: OidcConfig };

/** The configuration is wrong; the message names every setting that is, one a line. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  /** As far as it could be read, so that an operator can be told from a stranger and be told what is wrong. */
  readonly access: AccessConfig;

  constructor(problems: readonly string[], access: AccessConfig) {
    super(problems.join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
    this.access = access;
  }
}

const text = { type: "string", minLength: 1 };
const apiTokensSchema = {
  type: "array",
  items: {
    type: "object",
    required: ["hash", "tenantId", "scopes"],
    additionalProperties: false,
    properties: {
      hash: { type: "string", pattern: "^[0-9a-f]{64}$" },
      tenantId: text,
      scopes: { type: "array", items: { enum: scopes } },
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
  for (const name of ["OIDC_JWKS_URL", "GOOGLE_CERTIFICATES_URL"] as const)
    checkHttps(name, String(values[name] ?? ""), problems);
  // The problem says nothing of the value, because of the password in it.
  if (!URL.canParse(String(values["REDIS_URL"] ?? "redis://localhost"))) problems.push("REDIS_URL is not a URL");
  const syncEngine = readSyncEngine(values, problems);
  const mail = readMail(values, problems);
  const tracing = readTracing(values, problems);
  const publicBaseUrl = readPublicUrl(values, env, problems);
  const backEnds =
    values["CASTIEL_MODE"] === "azure"
      ? readAzure(values, env, problems)
      : { kind: "embedded" as const, dataDirectory: String(values["DATA_DIRECTORY"]) };
  const access = {
    apiTokens,
    usesDefaultToken: backEnds.kind === "embedded" && apiTokens.length === 0 && oidc === undefined,
    ...(oidc === undefined ? {} : { oidc }),
  };
  if (problems.length > 0) throw new ConfigError(problems, { ...access, usesDefaultToken: false });
  return Object.freeze({
    ...toConfig(values),
    ...access,
    backEnds,
    ...(syncEngine === undefined ? {} : { syncEngine }),
    ...(mail === undefined ? {} : { mail }),
    ...(tracing === undefined ? {} : { tracing }),
    ...(publicBaseUrl === undefined ? {} : { publicBaseUrl }),
  });
}

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

function readPublicUrl(values: Values, env: NodeJS.ProcessEnv, problems: string[]): string | undefined {
  // WEBSITE_HOSTNAME is the site's own name, set by the platform.
  const site = values["CASTIEL_MODE"] === "azure" ? env["WEBSITE_HOSTNAME"] : undefined;
  const value = values["PUBLIC_BASE_URL"] ?? (site === undefined ? undefined : `https://${site}`);
  if (values["CASTIEL_MODE"] === "azure" && value === undefined) problems.push("PUBLIC_BASE_URL is missing");
  if (typeof value !== "string") return undefined;
  checkHttps("PUBLIC_BASE_URL", value, problems);
  return value.replace(/\/+$/, "");
}

function toConfig(values: Values): Omit<Config, "backEnds" | "apiTokens" | "usesDefaultToken"> {
  const string = (name: SettingName): string => String(values[name]);
  const number = (name: SettingName): number => Number(values[name]);
  return {
    port: number("PORT"),
    listenHost: string("LISTEN_HOST"),
    logFormat: oneOf(["auto", "text", "json"], string("LOG_FORMAT")),
    logLevel: oneOf(["debug", "info", "warn", "error"], string("LOG_LEVEL")),
    googleCertificatesUrl: string("GOOGLE_CERTIFICATES_URL"),
    toleranceSeconds: number("TIMESTAMP_TOLERANCE_SECONDS"),
    maxBodyBytes: number("MAX_BODY_BYTES"),
    queueTimeoutMs: number("QUEUE_TIMEOUT_MS"),
    healthWindowMs: number("HEALTH_WINDOW_MINUTES") * 60_000,
    retentionSeconds: number("DELIVERY_RETENTION_DAYS") * 86_400,
    auditRetentionSeconds: number("AUDIT_RETENTION_DAYS") * 86_400,
    secretMaxAgeMs: number("SECRET_MAX_AGE_DAYS") * 86_400_000,
    rotationOverlapSeconds: number("SECRET_OVERLAP_HOURS") * 3600,
    rotationQuietSeconds: number("SECRET_QUIET_HOURS") * 3600,
    keepsEvents: string("DELIVERY_EVENTS") === "kept",
    holdBounds: { maxEvents: number("HOLD_MAX_EVENTS"), maxMs: number("HOLD_MAX_DAYS") * 86_400_000 },
    ratePerSecond: {
      registration: number("RATE_LIMIT_REGISTRATION"),
      tenant: number("RATE_LIMIT_TENANT"),
      unverified: number("RATE_LIMIT_UNVERIFIED"),
    },
    coalesceWindowMs: number("COALESCE_WINDOW_MS"),
    canary: string("CANARY") === "on",
    callsMaximum: number("RATE_LIMIT_CALLS_MAXIMUM"),
    ...(values["REDIS_URL"] === undefined ? {} : { redisUrl: string("REDIS_URL") }),
    cacheMaxRegistrations: number("CACHE_MAX_REGISTRATIONS"),
    ...readOutbound(values),
    alerts: readAlerts(values),
    appSettings: Object.freeze({
      QUEUE_NAME: string("QUEUE_NAME"),
      HEALTH_SCHEDULE: string("HEALTH_SCHEDULE"),
      HOOKS_SCHEDULE: string("HOOKS_SCHEDULE"),
    }),
  };
}

function oneOf<T extends string>(allowed: readonly [T, ...T[]], value: string): T {
  return allowed.find((candidate) => candidate === value) ?? allowed[0];
}
