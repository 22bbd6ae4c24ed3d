import { tracingSettings } from "./tracing-settings";

/** One setting of the environment: its JSON schema, its default and what it is for. The README's table is made of this. */
export interface Setting {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly default?: string;
  readonly description: string;
}

const text = { type: "string", minLength: 1 };
const url = { type: "string", pattern: "^https?://[^\\s/]+" };
/** A host, perhaps with a port; `*.` stands for any subdomain. */
const hostEntry = "(\\*\\.)?[a-z0-9-]+(\\.[a-z0-9-]+)*(:\\d{1,5})?";
const domainEntry = "(\\*\\.)?[a-z0-9-]+(\\.[a-z0-9-]+)+";
const whole = (minimum: number, maximum: number) => ({ type: "integer", minimum, maximum });
/** They share one partition, which holds 20 GB (Cosmos DB limits), and each may be as large as a message of 252 KB. */
const MOST_HELD_EVENTS = 50_000;
/** As long as the delivery log shows by default that an event is held: a pause is no archive. */
const MOST_HELD_DAYS = 30;

/** Every setting that the product reads. */
export const settings = {
  CASTIEL_MODE: {
    schema: { enum: ["embedded", "azure"] },
    description: "Where state lives: `embedded` is one SQLite file, `azure` the services of your subscription.",
  },
  PUBLIC_BASE_URL: {
    schema: url,
    description:
      "The address that providers call; https unless it is a loopback address. Default: the host's own address.",
  },
  COSMOS_ENDPOINT: { schema: url, description: "Azure: address of the Cosmos DB account, used with the identity." },
  COSMOS_CONNECTION_STRING: { schema: text, description: "Azure: in its place, for emulators." },
  COSMOS_DATABASE: { schema: text, default: "castiel", description: "Azure: name of the database." },
  ServiceBusConnection__fullyQualifiedNamespace: {
    schema: { type: "string", pattern: "^[^\\s/:]+$" },
    description:
      "Azure: host name of the Service Bus namespace, used with the identity; the queue's trigger reads it too.",
  },
  ServiceBusConnection: { schema: text, description: "Azure: a connection string in its place, for emulators." },
  KEY_VAULT_URI: { schema: url, description: "Azure: address of the key vault." },
  KEY_VAULT_EMULATOR: {
    schema: { enum: ["true", "false"] },
    default: "false",
    description:
      "Azure: `true` if the vault is an emulator on a loopback address, which proves no domain and asks no identity.",
  },
  PAYLOAD_BLOB_SERVICE_URI: {
    schema: url,
    description: "Azure: address of the blob service for events that fit no message, used with the identity.",
  },
  PAYLOAD_BLOB_CONNECTION_STRING: { schema: text, description: "Azure: in its place, for emulators." },
  PAYLOAD_CONTAINER: { schema: text, default: "payloads", description: "Azure: name of the blob container." },
  AZURE_CLIENT_ID: {
    schema: text,
    description: "Azure: client id of the user-assigned identity; without it the system-assigned one is used.",
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
  CANARY: {
    schema: { enum: ["on", "off"] },
    default: "off",
    description: "`on` delivers a signed event of our own once a minute, to be seen in `GET /webhooks/health`.",
  },
  COALESCE_WINDOW_MS: {
    schema: whole(0, 5000),
    default: "200",
    description: "Events of one record that come within this time become one sync task; `0` leaves each its own.",
  },
  OUTBOUND_HOSTS: {
    schema: { type: "string", pattern: `^${hostEntry}( *, *${hostEntry})*$` },
    description: "Hosts, besides the vendors' own, that may be called: `ghe.example.com,*.example.org:8443`.",
  },
  OUTBOUND_ALLOW_LOOPBACK: {
    schema: { enum: ["true", "false"] },
    default: "false",
    description: "`true` lets outbound calls reach this machine, in http too. For tests.",
  },
  OUTBOUND_TIMEOUT_MS: {
    schema: whole(100, 30_000),
    default: "10000",
    description: "How long an outbound call may take as a whole.",
  },
  ALERT_HOSTS: {
    schema: { type: "string", pattern: `^${hostEntry}( *, *${hostEntry})*$` },
    description: "Hosts that alert channels of kind `webhook` may call, as in `OUTBOUND_HOSTS`. Default: none.",
  },
  SMTP_URL: {
    schema: { type: "string", pattern: "^smtps?://[^\\s/]+/?$" },
    description:
      "Mail server for alerts: `smtps://user:password@host`, or `smtp://` for STARTTLS, which is demanded. On Azure a Key Vault reference.",
  },
  SMTP_FROM: {
    schema: { type: "string", pattern: "^[^\\r\\n]*[^\\s<@]+@[^\\s>@]+>?$" },
    description: "Sender of alerts by mail: `alerts@example.com`, or `Castiel <alerts@example.com>`.",
  },
  ALERT_EMAIL_DOMAINS: {
    schema: { type: "string", pattern: `^${domainEntry}( *, *${domainEntry})*$` },
    description: "Domains that alerts may be mailed to: `example.com,*.example.org`.",
  },
  PAGERDUTY_EVENTS_URL: {
    schema: url,
    default: "https://{events}.pagerduty.com",
    description: "Address of PagerDuty's Events API; `{events}` stands for `events` or `events.eu`.",
  },
  SALESFORCE_API_VERSION: {
    schema: { type: "string", pattern: "^\\d{2,3}\\.0$" },
    default: "67.0",
    description: "Version of Salesforce's REST API; the instance is the connection's `baseUrl`.",
  },
  GITHUB_API_URL: { schema: url, default: "https://api.github.com", description: "Address of GitHub's REST API." },
  GITHUB_TOKEN_URL: {
    schema: url,
    default: "https://github.com/login/oauth/access_token",
    description: "Where GitHub exchanges refresh tokens.",
  },
  SLACK_API_URL: { schema: url, default: "https://slack.com/api", description: "Address of Slack's Web API." },
  NOTION_API_URL: { schema: url, default: "https://api.notion.com", description: "Address of Notion's API." },
  GOOGLE_API_URL: {
    schema: url,
    default: "https://{service}.googleapis.com",
    description: "Address of Google's APIs; `{service}` stands for `www`, `chat`, `meet` and so on.",
  },
  GOOGLE_TOKEN_URL: {
    schema: url,
    default: "https://oauth2.googleapis.com/token",
    description: "Where Google hands out access tokens.",
  },
  SYNC_TASK_SERVICE_URL: {
    schema: url,
    description: "A sync engine of your own that tasks are forwarded to. Default: the built-in engine.",
  },
  SYNC_TASK_SERVICE_SECRET: {
    schema: text,
    description: "Signs what is forwarded: `whsec_…`. Azure: by default the vault's secret `sync-task-service-secret`.",
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
    description: "NCRONTAB schedule (UTC) of the timers of health and of gaps.",
  },
  HOOKS_SCHEDULE: {
    schema: text,
    default: "30 */5 * * * *",
    description: "NCRONTAB schedule (UTC) of the timers that renew what we set up at providers, and that send alerts.",
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
  AUDIT_RETENTION_DAYS: {
    schema: whole(1, 3650),
    default: "365",
    description: "How long the audit log keeps who changed what.",
  },
  DELIVERY_EVENTS: {
    schema: { enum: ["kept", "dropped"] },
    default: "kept",
    description: "Whether events that had their effect stay in the delivery log, from which they can be replayed.",
  },
  HOLD_MAX_EVENTS: {
    schema: whole(1, MOST_HELD_EVENTS),
    default: "10000",
    description: "Events that are held of a paused webhook; beyond that its deliveries are answered 503.",
  },
  HOLD_MAX_DAYS: {
    schema: whole(1, MOST_HELD_DAYS),
    default: "7",
    description: "How long after a pause began events are held; beyond that deliveries are answered 503.",
  },
  SECRET_MAX_AGE_DAYS: {
    schema: whole(0, 3650),
    default: "90",
    description: "After how long a webhook's secret is to be changed; `0`: never.",
  },
  SECRET_OVERLAP_HOURS: {
    schema: whole(1, 2160),
    default: "168",
    description: "How long the old secret verifies at most while it is being changed.",
  },
  SECRET_QUIET_HOURS: {
    schema: whole(0, 2160),
    default: "24",
    description: "How long only the new secret has to be seen before the old one is retired.",
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
    description:
      "Refused attempts a second per webhook and source address, of unknown webhooks per address; buckets hold 10 s.",
  },
  RATE_LIMIT_CALLS_MAXIMUM: {
    schema: whole(1, 1_000_000),
    default: "5000",
    description: "Calls a minute to providers that a tenant may allow itself; an operator may allow more.",
  },
  REDIS_URL: {
    schema: { type: "string", pattern: "^rediss?://[^\\s/]+(/\\d*)?$" },
    description: "Redis that instances share, for the limits of calls to providers and copies of registrations.",
  },
  CACHE_MAX_REGISTRATIONS: {
    schema: whole(1, 1_000_000),
    default: "10000",
    description: "Registrations kept in memory.",
  },
  ...tracingSettings,
} as const satisfies Record<string, Setting>;

/** The name of a setting. */
export type SettingName = keyof typeof settings;

/** The values of the settings as they were read, defaults included. */
export type Values = Readonly<Record<string, string | number | undefined>>;
