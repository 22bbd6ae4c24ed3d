import { createHmac, createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import examples from "@octokit/webhooks-examples";

/** One delivery of the demo, made as its provider makes it. */
export interface Sample {
  readonly what: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A provider of the demo: how its webhook is registered and what it then delivers. */
export interface DemoProvider {
  readonly integrationId: string;
  readonly registration: Readonly<Record<string, unknown>>;
  readonly samples: (webhook: { readonly webhookUrl: string; readonly secret: string }) => readonly Sample[];
}

function hmac(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}

/** The seed's Apex callout, and a Change Data Capture event. */
export const salesforceDemo: DemoProvider = {
  integrationId: "salesforce",
  registration: { connectionId: "demo-org", events: ["Contact.*", "Account.*"] },
  samples: ({ secret }) => {
    const sign = (what: string, json: unknown): Sample => {
      const body = JSON.stringify(json);
      return { what, body, headers: { "x-salesforce-event-signature": `sha256=${hmac(secret, body)}` } };
    };
    const contact = { Id: "003xx000004TMM", LastName: "Lovelace", SystemModstamp: new Date().toISOString() };
    return [
      sign("Apex callout", { action: "created", sobject: { name: "Contact", fields: contact } }),
      sign("change event, two records", {
        schema: "demo",
        payload: {
          ChangeEventHeader: {
            entityName: "Account",
            recordIds: ["001xx000003DGb0", "001xx000003DGb1"],
            changeType: "UPDATE",
            changedFields: ["Industry"],
            transactionKey: randomUUID(),
            sequenceNumber: 1,
            commitTimestamp: Date.now(),
          },
          Industry: "Computing",
        },
        event: { replayId: 7 },
      }),
    ];
  },
};

/** A page that was changed, signed with a verification token that Notion would have issued. */
export const notionDemo: DemoProvider = {
  integrationId: "notion",
  registration: { connectionId: "demo-workspace", events: ["page.*"], webhookSecret: "secret_demoVerificationToken" },
  samples: ({ secret }) => {
    const body = JSON.stringify({
      id: randomUUID(),
      timestamp: new Date().toISOString(),
      workspace_id: "13950b26-c203-4f3b-b97d-93ec06319565",
      type: "page.content_updated",
      authors: [{ id: "c7c11cca-1d73-471d-9b6e-bdef51470190", type: "person" }],
      entity: { id: "1782edd6-a853-4d4a-b02c-9c8c16f28e53", type: "page" },
      data: { updated_blocks: [], parent: { id: "13950b26-c203-4f3b-b97d-93ec06319565", type: "space" } },
      attempt_number: 1,
      api_version: "2025-09-03",
    });
    return [{ what: "page.content_updated", body, headers: { "x-notion-signature": `sha256=${hmac(secret, body)}` } }];
  },
};

/** A message, signed with a signing secret as Slack's. */
export const slackDemo: DemoProvider = {
  integrationId: "slack",
  registration: { connectionId: "demo-team", events: ["message.*"], webhookSecret: "8f742231b10e8888abcd99yyyzzz85a5" },
  samples: ({ secret }) => {
    const seconds = Math.floor(Date.now() / 1000);
    const body = JSON.stringify({
      type: "event_callback",
      team_id: "T123ABC456",
      api_app_id: "A123ABC456",
      event: {
        type: "message",
        channel: "C123ABC456",
        user: "U123ABC456",
        text: "Live long and prosper.",
        ts: `${seconds}.000100`,
      },
      event_id: `Ev${randomUUID().slice(0, 8)}`,
      event_time: seconds,
    });
    const headers = {
      "x-slack-request-timestamp": String(seconds),
      "x-slack-signature": `v0=${hmac(secret, `v0:${seconds}:${body}`)}`,
    };
    return [{ what: "message", body, headers }];
  },
};

/** Real payloads, from the examples that Octokit collects. */
export const githubDemo: DemoProvider = {
  integrationId: "github",
  registration: { connectionId: "demo-repository", events: ["issues.*", "push", "pull_request.*", "branch.*"] },
  samples: ({ secret }) =>
    ["ping", "issues", "push", "pull_request"].map((name) => {
      const body = JSON.stringify(examples.find((event) => event.name === name)?.examples[0]);
      const signature = `sha256=${hmac(secret, body)}`;
      return {
        what: name,
        body,
        headers: { "x-github-event": name, "x-github-delivery": randomUUID(), "x-hub-signature-256": signature },
      };
    }),
};

const PUSH_ACCOUNT = "push@demo-project.iam.gserviceaccount.com";

/** Signs as Google does; its certificates come from the loopback address instead of Google's. */
export class GoogleStandIn {
  readonly #keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly #server: Server = createServer((_, response) => {
    const pem = this.#keys.publicKey.export({ type: "spki", format: "pem" });
    response
      .writeHead(200, { "content-type": "application/json", "cache-control": "max-age=3600" })
      .end(JSON.stringify({ demo: pem }));
  });

  /** Resolves with the URL of the certificates. */
  start(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => {
        const address = this.#server.address();
        resolve(`http://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}/certs`);
      });
    });
  }

  stop(): void {
    this.#server.close();
  }

  /** A Gmail notification and a Cloud Storage one, wrapped by Pub/Sub. */
  provider(): DemoProvider {
    return {
      integrationId: "google",
      registration: {
        connectionId: "demo-project",
        events: ["*"],
        verification: { serviceAccountEmail: PUSH_ACCOUNT },
      },
      samples: ({ webhookUrl }) => [
        this.#push("Gmail history", webhookUrl, { data: { emailAddress: "ada@example.com", historyId: 9876543210 } }),
        this.#push("Cloud Storage object", webhookUrl, {
          attributes: {
            eventType: "OBJECT_FINALIZE",
            bucketId: "demo-bucket",
            objectId: "report.pdf",
            objectGeneration: "1700000000000001",
            payloadFormat: "NONE",
          },
        }),
      ],
    };
  }

  #push(what: string, audience: string, message: { readonly data?: object; readonly attributes?: object }): Sample {
    const data = message.data === undefined ? undefined : Buffer.from(JSON.stringify(message.data)).toString("base64");
    const body = JSON.stringify({
      message: { ...message, data, messageId: randomUUID(), publishTime: new Date().toISOString() },
      subscription: "projects/demo-project/subscriptions/castiel",
    });
    return { what, body, headers: { authorization: `Bearer ${this.#token(audience)}` } };
  }

  #token(audience: string): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: "https://accounts.google.com",
      aud: audience,
      iat: now,
      exp: now + 3600,
      email: PUSH_ACCOUNT,
      email_verified: true,
    };
    const [head, payload] = [{ alg: "RS256", typ: "JWT", kid: "demo" }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString("base64url"),
    );
    const text = `${head ?? ""}.${payload ?? ""}`;
    return `${text}.${createSign("sha256").update(text).sign(this.#keys.privateKey, "base64url")}`;
  }
}
