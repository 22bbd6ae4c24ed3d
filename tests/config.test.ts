import { ConfigError, readConfig } from "../shared/config";
import { settings } from "../shared/config/settings";

const embedded = { CASTIEL_MODE: "embedded" };

function problemsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    readConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error instanceof Error ? error.message.split("\n") : [];
  }
  return [];
}

describe("readConfig", () => {
  it("needs nothing but the mode", () => {
    expect(readConfig(embedded)).toMatchObject({
      port: 3000,
      listenHost: "127.0.0.1",
      backEnds: { kind: "embedded", dataDirectory: ".data" },
      toleranceSeconds: 300,
      healthWindowMs: 3_600_000,
      usesDefaultToken: true,
    });
  });

  it("is frozen", () => {
    expect(Object.isFrozen(readConfig(embedded))).toBe(true);
  });

  it("never guesses the mode", () => {
    expect(problemsOf({})).toEqual(["CASTIEL_MODE is missing"]);
    expect(problemsOf({ CASTIEL_MODE: "cloud" })).toEqual([expect.stringContaining("CASTIEL_MODE must be")]);
  });

  it("fetches keys over https alone, but for loopback addresses", () => {
    const keys = { OIDC_ISSUER: "https://i.example.com", OIDC_AUDIENCE: "a" };
    expect(
      problemsOf({
        ...embedded,
        ...keys,
        OIDC_JWKS_URL: "http://i.example.com/keys",
        GOOGLE_CERTIFICATES_URL: "http://certs.example.com",
      }),
    ).toEqual([
      "OIDC_JWKS_URL must be https, unless it is a loopback address",
      "GOOGLE_CERTIFICATES_URL must be https, unless it is a loopback address",
    ]);
    expect(problemsOf({ ...embedded, ...keys, OIDC_JWKS_URL: "http://127.0.0.1:7/keys" })).toEqual([]);
  });

  it.each(["http://127.0.0.1.example.com", "http://localhost.example.com", "http://127.example.com"])(
    "does not take %s for a loopback address",
    (url) => {
      expect(problemsOf({ ...embedded, PUBLIC_BASE_URL: url })).toEqual([
        "PUBLIC_BASE_URL must be https, unless it is a loopback address",
      ]);
    },
  );

  it.each(["http://127.0.0.2:3000", "http://[::1]:3000", "http://localhost:3000"])("takes %s for one", (url) => {
    expect(problemsOf({ ...embedded, PUBLIC_BASE_URL: url })).toEqual([]);
  });

  it("takes an empty value for none", () => {
    expect(readConfig({ ...embedded, PORT: "" }).port).toBe(3000);
  });

  it("names every problem at once", () => {
    const problems = problemsOf({
      ...embedded,
      PORT: "70000",
      LOG_LEVEL: "loud",
      API_TOKENS: "not json",
      PUBLIC_BASE_URL: "http://hooks.example.com",
      OIDC_ISSUER: "https://issuer.example.com",
    });
    expect(problems).toEqual([
      expect.stringContaining("PORT"),
      expect.stringContaining("LOG_LEVEL"),
      "API_TOKENS is not JSON",
      "OIDC_ISSUER, OIDC_AUDIENCE and OIDC_JWKS_URL must be set together",
      "PUBLIC_BASE_URL must be https, unless it is a loopback address",
    ]);
  });

  it.each([
    [[{ hash: "short", tenantId: "t", scopes: [] }]],
    [[{ hash: "a".repeat(64), tenantId: "", scopes: [] }]],
    [[{ hash: "a".repeat(64), tenantId: "t", scopes: ["everything"] }]],
    [[{ hash: "a".repeat(64), tenantId: "t", scopes: [], token: "oops" }]],
    [{ hash: "a".repeat(64) }],
  ])("refuses %j as API_TOKENS", (tokens) => {
    expect(problemsOf({ ...embedded, API_TOKENS: JSON.stringify(tokens) })).toEqual([
      expect.stringContaining("API_TOKENS"),
    ]);
  });

  it("has no default token once a token or an issuer is configured", () => {
    const API_TOKENS = JSON.stringify([{ hash: "a".repeat(64), tenantId: "t", scopes: ["webhooks.read"] }]);
    expect(readConfig({ ...embedded, API_TOKENS }).usesDefaultToken).toBe(false);
    const oidc = {
      OIDC_ISSUER: "https://i.example.com",
      OIDC_AUDIENCE: "a",
      OIDC_JWKS_URL: "https://i.example.com/keys",
    };
    expect(readConfig({ ...embedded, ...oidc })).toMatchObject({
      usesDefaultToken: false,
      oidc: { tenantClaim: "tid" },
    });
  });

  it("wants the tenants listed where one issuer serves many", () => {
    const oidc = {
      OIDC_ISSUER: "https://i.example.com/{tenantid}",
      OIDC_AUDIENCE: "a",
      OIDC_JWKS_URL: "https://i.example.com/keys",
    };
    expect(problemsOf({ ...embedded, ...oidc })).toEqual([expect.stringContaining("OIDC_TENANT_MAP")]);
    expect(readConfig({ ...embedded, ...oidc, OIDC_TENANT_MAP: '{"x":"t"}' }).oidc?.tenantMap).toEqual({ x: "t" });
  });

  it.each(["redis://cache:6379", "rediss://:p%40ss@cache.example.com:6380/0", "redis://user:pass@[::1]:6379/"])(
    "takes %s as REDIS_URL",
    (REDIS_URL) => {
      expect(readConfig({ ...embedded, REDIS_URL })).toMatchObject({ redisUrl: REDIS_URL });
    },
  );

  it.each([
    "https://cache:6379",
    "redis://",
    "redis://cache/name",
    "redis://:s3cret@cache:port",
    "redis://:s3cret@a b",
  ])("refuses %s as REDIS_URL, and does not repeat it", (REDIS_URL) => {
    const problems = problemsOf({ ...embedded, REDIS_URL });
    expect(problems).not.toEqual([]);
    for (const problem of problems) expect(problem).toMatch(/^REDIS_URL (?!.*(s3cret|cache))/);
  });

  it("takes http for a loopback address, and no slash at the end", () => {
    expect(readConfig({ ...embedded, PUBLIC_BASE_URL: "http://localhost:3000/" }).publicBaseUrl).toBe(
      "http://localhost:3000",
    );
  });

  it("lets outbound calls go to the vendors, to whatever a vendor's address is set to, and to the operator's hosts", () => {
    const { outbound, vendors } = readConfig({
      ...embedded,
      OUTBOUND_HOSTS: "ghe.example.com, *.example.org:8443",
      NOTION_API_URL: "https://notion.example.com/",
    });
    expect(outbound).toEqual({
      hosts: [
        "api.github.com",
        "github.com",
        "slack.com",
        "notion.example.com",
        "*.googleapis.com",
        "oauth2.googleapis.com",
        "*.my.salesforce.com",
        "*.ghe.com",
        "ghe.example.com",
        "*.example.org:8443",
      ],
      allowLoopback: false,
      timeoutMs: 10_000,
    });
    expect(vendors.notionApiUrl).toBe("https://notion.example.com");
  });

  it.each(["https://ghe.example.com", "*", "a.*.example.com", "ghe.example.com/x", "a b"])(
    "refuses %j among OUTBOUND_HOSTS",
    (hosts) => {
      expect(problemsOf({ ...embedded, OUTBOUND_HOSTS: hosts })).toEqual([expect.stringContaining("OUTBOUND_HOSTS")]);
    },
  );

  describe("with a sender of mail", () => {
    const mail = { SMTP_FROM: "Castiel <alerts@example.com>", ALERT_EMAIL_DOMAINS: "example.com, *.example.org" };

    it.each([
      [
        "smtps://me%40example.com:p%3Aw@mail.example.com",
        { port: 465, isSecure: true, user: "me@example.com", password: "p:w" },
      ],
      ["smtp://mail.example.com/", { port: 587, isSecure: false }],
      ["smtp://mail.example.com:2525", { port: 2525, isSecure: false }],
    ])("takes %s", (SMTP_URL, expected) => {
      expect(readConfig({ ...embedded, ...mail, SMTP_URL }).mail).toEqual({
        host: "mail.example.com",
        from: mail.SMTP_FROM,
        domains: ["example.com", "*.example.org"],
        ...expected,
      });
    });

    it("wants all of it, and repeats no value", () => {
      const together = "SMTP_URL, SMTP_FROM and ALERT_EMAIL_DOMAINS must be set together";
      expect(problemsOf({ ...embedded, SMTP_URL: "smtp://a:hunter2@mail.example.com" })).toEqual([together]);
      const problems = problemsOf({ ...embedded, ...mail, SMTP_URL: "https://a:hunter2@mail.example.com" });
      expect(problems.join("\n")).toContain("SMTP_URL");
      expect(problems.join("\n")).not.toContain("hunter2");
      expect(
        problemsOf({ ...embedded, ...mail, SMTP_URL: "smtp://a.example.com", SMTP_FROM: "x\r\nBcc: y@z" }),
      ).toEqual([expect.stringContaining("SMTP_FROM")]);
    });
  });

  describe("with a collector of traces", () => {
    const traced = { ...embedded, OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector.example.com:4318/otlp/" };

    it("adds the path of traces to the address, unless that is given whole", () => {
      expect(readConfig(traced).tracing?.url).toBe("https://collector.example.com:4318/otlp/v1/traces");
      const OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = "https://collector.example.com/in?x=1";
      expect(readConfig({ ...traced, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT }).tracing?.url).toBe(
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
      );
    });

    it("is off without an address, and where OpenTelemetry is", () => {
      expect(readConfig({ ...embedded, OTEL_SERVICE_NAME: "hooks" })).not.toHaveProperty("tracing");
      expect(readConfig({ ...traced, OTEL_SDK_DISABLED: "true" })).not.toHaveProperty("tracing");
    });

    it("reads names with percent-encoded values, and equals signs within them", () => {
      const OTEL_EXPORTER_OTLP_HEADERS = "authorization = Basic%20aHVudGVyMg==, x-team=hooks";
      expect(readConfig({ ...traced, OTEL_EXPORTER_OTLP_HEADERS }).tracing?.headers).toEqual({
        authorization: "Basic aHVudGVyMg==",
        "x-team": "hooks",
      });
    });

    it.each([
      { OTEL_EXPORTER_OTLP_HEADERS: "x-key=hunter2%" },
      { OTEL_EXPORTER_OTLP_HEADERS: "hunter2" },
      { OTEL_RESOURCE_ATTRIBUTES: "a=%zz,b=hunter2" },
      { OTEL_EXPORTER_OTLP_ENDPOINT: "https://hunter2:hunter2:4318" },
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://hunter2:hunter2:4318" },
      { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
      { OTEL_TRACES_SAMPLER: "jaeger_remote" },
      { OTEL_TRACES_SAMPLER_ARG: "1.5" },
    ])("names what is wrong and repeats no value: %p", (wrong) => {
      const problems = problemsOf({ ...traced, ...wrong });
      expect(problems).toEqual([expect.stringContaining(Object.keys(wrong)[0] ?? "")]);
      expect(problems.join("\n")).not.toContain("hunter2");
    });
  });

  describe("with a sync engine of one's own", () => {
    const key = (bytes: number) => `whsec_${Buffer.alloc(bytes, 1).toString("base64")}`;
    const engine = { ...embedded, SYNC_TASK_SERVICE_URL: "https://engine.example.com:8443/x?code=hunter2" };

    it("takes its address and secrets, and opens its host for nobody else", () => {
      const SYNC_TASK_SERVICE_SECRET = `${key(24)} ${key(64)}`;
      const { syncEngine, outbound } = readConfig({ ...engine, SYNC_TASK_SERVICE_SECRET });
      expect(syncEngine).toEqual({
        url: engine.SYNC_TASK_SERVICE_URL,
        secret: SYNC_TASK_SERVICE_SECRET,
        policy: { hosts: ["engine.example.com:8443"], allowLoopback: false },
      });
      expect(outbound.hosts).not.toContain("engine.example.com:8443");
      expect(readConfig(embedded).syncEngine).toBeUndefined();
    });

    it("wants a secret", () => {
      expect(problemsOf(engine)).toEqual(["SYNC_TASK_SERVICE_SECRET is missing"]);
    });

    it.each(["hunter2", key(23), key(65), `${key(32)}=`, `${key(32)},${key(32)}`, `whsec_${"!".repeat(44)}`])(
      "refuses %s as a secret, and does not repeat it",
      (SYNC_TASK_SERVICE_SECRET) => {
        const [problem = "", ...others] = problemsOf({ ...engine, SYNC_TASK_SERVICE_SECRET });
        expect(problem).toMatch(/^SYNC_TASK_SERVICE_SECRET must be whsec_ and base64/);
        expect([others, problem.includes(SYNC_TASK_SERVICE_SECRET)]).toEqual([[], false]);
      },
    );

    it.each([
      "http://engine.example.com/?hunter2",
      "https://user:hunter2@engine.example.com/",
      "http://localhost:1/?hunter2",
      "https://hunter2:port/",
      "ftp://hunter2/",
    ])("refuses %s as its address, and does not repeat it", (SYNC_TASK_SERVICE_URL) => {
      const problems = problemsOf({ ...engine, SYNC_TASK_SERVICE_URL, SYNC_TASK_SERVICE_SECRET: key(32) });
      expect(problems.length).toBeGreaterThan(0);
      for (const problem of problems) expect(problem).toMatch(/^SYNC_TASK_SERVICE_URL (?!.*hunter2)/);
    });

    it("takes http on this machine where loopback is open", () => {
      const local = { SYNC_TASK_SERVICE_URL: "http://127.0.0.1:7/", OUTBOUND_ALLOW_LOOPBACK: "true" };
      expect(problemsOf({ ...embedded, ...local, SYNC_TASK_SERVICE_SECRET: key(32) })).toEqual([]);
    });
  });

  it("bounds what is held of a paused webhook by what one partition holds, and by what the delivery log shows", () => {
    expect(readConfig(embedded).holdBounds).toEqual({ maxEvents: 10_000, maxMs: 7 * 86_400_000 });
    const settled = readConfig({ ...embedded, HOLD_MAX_EVENTS: "50000", HOLD_MAX_DAYS: "30" });
    expect(settled.holdBounds).toEqual({ maxEvents: 50_000, maxMs: 30 * 86_400_000 });
    expect(problemsOf({ ...embedded, HOLD_MAX_EVENTS: "50001", HOLD_MAX_DAYS: "31" })).toEqual([
      "HOLD_MAX_EVENTS must be <= 50000",
      "HOLD_MAX_DAYS must be <= 30",
    ]);
    expect(problemsOf({ ...embedded, HOLD_MAX_EVENTS: "0", HOLD_MAX_DAYS: "0" })).toEqual([
      "HOLD_MAX_EVENTS must be >= 1",
      "HOLD_MAX_DAYS must be >= 1",
    ]);
    expect(settings.HOLD_MAX_DAYS.schema.maximum).toBe(Number(settings.DELIVERY_RETENTION_DAYS.default));
  });

  it("describes every setting", () => {
    for (const { description } of Object.values(settings)) expect(description).toMatch(/\.$/);
  });
});

describe("readConfig in Azure mode", () => {
  const azure = {
    CASTIEL_MODE: "azure",
    WEBSITE_HOSTNAME: "castiel.azurewebsites.net",
    IDENTITY_ENDPOINT: "http://localhost:4141/msi/token",
    COSMOS_ENDPOINT: "https://castiel.documents.azure.com:443/",
    ServiceBusConnection__fullyQualifiedNamespace: "castiel.servicebus.windows.net",
    KEY_VAULT_URI: "https://castiel.vault.azure.net/",
    PAYLOAD_BLOB_SERVICE_URI: "https://castiel.blob.core.windows.net/",
  };

  it("takes addresses and the managed identity, no key, and the site's own name", () => {
    expect(readConfig(azure)).toMatchObject({
      publicBaseUrl: "https://castiel.azurewebsites.net",
      usesDefaultToken: false,
      backEnds: {
        kind: "azure",
        cosmos: { connection: { address: azure.COSMOS_ENDPOINT }, database: "castiel" },
        serviceBus: { connection: { address: "castiel.servicebus.windows.net" }, queueName: "sync-events" },
        keyVault: { uri: azure.KEY_VAULT_URI, isEmulator: false },
        payloads: { connection: { address: azure.PAYLOAD_BLOB_SERVICE_URI }, container: "payloads" },
        identity: { kind: "managed" },
      },
    });
  });

  it("takes a user-assigned identity by its client id, and the developer's where there is no managed one", () => {
    const client = { ...azure, AZURE_CLIENT_ID: "00000000-0000-0000-0000-000000000001" };
    expect(readConfig(client).backEnds).toMatchObject({ identity: { clientId: client.AZURE_CLIENT_ID } });
    expect(readConfig({ ...azure, IDENTITY_ENDPOINT: "" }).backEnds).toMatchObject({ identity: { kind: "developer" } });
  });

  it("takes connection strings in the place of addresses, for emulators", () => {
    const emulators = {
      CASTIEL_MODE: "azure",
      PUBLIC_BASE_URL: "http://localhost:7071",
      COSMOS_CONNECTION_STRING: "AccountEndpoint=http://localhost:8081/;AccountKey=key;",
      ServiceBusConnection: "Endpoint=sb://localhost;UseDevelopmentEmulator=true;",
      KEY_VAULT_URI: "https://localhost:4997",
      KEY_VAULT_EMULATOR: "true",
      PAYLOAD_BLOB_CONNECTION_STRING: "UseDevelopmentStorage=true",
    };
    expect(readConfig(emulators).backEnds).toMatchObject({
      cosmos: { connection: { connectionString: emulators.COSMOS_CONNECTION_STRING } },
      serviceBus: { connection: { connectionString: emulators.ServiceBusConnection } },
      keyVault: { isEmulator: true },
      payloads: { connection: { connectionString: emulators.PAYLOAD_BLOB_CONNECTION_STRING } },
    });
  });

  it("names every missing setting at once", () => {
    expect(problemsOf({ CASTIEL_MODE: "azure" })).toEqual([
      "PUBLIC_BASE_URL is missing",
      "COSMOS_ENDPOINT is missing",
      "ServiceBusConnection__fullyQualifiedNamespace is missing",
      "KEY_VAULT_URI is missing",
      "PAYLOAD_BLOB_SERVICE_URI is missing",
    ]);
  });

  it("refuses plain http but on loopback addresses, and an emulated vault anywhere else", () => {
    expect(
      problemsOf({
        ...azure,
        COSMOS_ENDPOINT: "http://castiel.documents.azure.com",
        KEY_VAULT_URI: "http://localhost:4997",
        PAYLOAD_BLOB_SERVICE_URI: "http://127.0.0.1:10000/devstoreaccount1",
      }),
    ).toEqual(["COSMOS_ENDPOINT must be https, unless it is a loopback address", "KEY_VAULT_URI must be https"]);
    expect(problemsOf({ ...azure, KEY_VAULT_EMULATOR: "true" })).toEqual([
      "KEY_VAULT_EMULATOR is for a vault on a loopback address",
    ]);
  });

  it("leaves the secret of a sync engine of one's own to the vault", () => {
    const { syncEngine } = readConfig({ ...azure, SYNC_TASK_SERVICE_URL: "https://engine.example.com" });
    expect(syncEngine).toEqual({
      url: "https://engine.example.com/",
      policy: { hosts: ["engine.example.com"], allowLoopback: false },
    });
  });

  it("never has a default token, whatever is configured", () => {
    expect(readConfig(azure).usesDefaultToken).toBe(false);
  });

  it("keeps what is known of callers when the rest is wrong, so that an operator can be told", () => {
    const hash = "a".repeat(64);
    const API_TOKENS = JSON.stringify([{ hash, tenantId: "t", scopes: [], operator: true }]);
    try {
      readConfig({ CASTIEL_MODE: "azure", API_TOKENS });
      throw new Error("it should have been refused");
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.access).toMatchObject({ apiTokens: [{ hash }], usesDefaultToken: false });
      expect(error.problems).toHaveLength(5);
    }
  });
});
