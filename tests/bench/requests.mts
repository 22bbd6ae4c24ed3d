/** Deliveries of each provider, signed, unlike one another, padded to a size: what the load generator sends. */
import { createHmac, createSign, randomUUID } from "node:crypto";

/** What to make. */
export interface RequestPlan {
  readonly provider: string;
  readonly path: string;
  readonly secret: string;
  readonly bodyBytes: number;
  readonly count: number;
  /** Salesforce: each delivery names a Contact of its own and nothing else of it, so that it has to be read. */
  readonly named?: true;
  /** For Google: the token, whatever the body. */
  readonly token?: string;
}

/** A delivery in parts. */
export interface Delivery {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

function hmac(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}

/** `make` with as much padding as brings its JSON to `bytes`. */
function padded(bytes: number, make: (padding: string) => unknown): string {
  const bare = JSON.stringify(make(""));
  return JSON.stringify(make("x".repeat(Math.max(0, bytes - bare.length))));
}

const makers: Readonly<Record<string, (plan: RequestPlan, now: Date, index: number) => Delivery>> = {
  github({ secret, bodyBytes }, now, index) {
    const time = now.toISOString();
    const body = padded(bodyBytes, (padding) => ({
      action: "edited",
      issue: {
        id: 73464126 + index,
        number: 73,
        title: "Spelling error",
        state: "open",
        created_at: time,
        updated_at: time,
        body: padding,
      },
      repository: { id: 35129377, full_name: "octo-org/octo-repo", private: false },
      sender: { login: "octocat", id: 6752317 },
    }));
    const headers = { "x-github-event": "issues", "x-github-delivery": randomUUID() };
    return { body, headers: { ...headers, "x-hub-signature-256": `sha256=${hmac(secret, body)}` } };
  },
  salesforce({ secret, bodyBytes, named }, now, index) {
    const created = { name: "Contact", fields: { Id: contactId(index) } };
    const body = named
      ? JSON.stringify({ action: "created", sobject: created })
      : padded(bodyBytes, (padding) => ({
          action: "updated",
          sobject: {
            name: "Contact",
            fields: { Id: "003xx000004TMMa", SystemModstamp: now.toISOString(), Description: padding },
          },
        }));
    const headers = { "x-salesforce-event-id": randomUUID() };
    return { body, headers: { ...headers, "x-salesforce-event-signature": `sha256=${hmac(secret, body)}` } };
  },
  slack({ secret, bodyBytes }, now) {
    const seconds = String(Math.floor(now.getTime() / 1000));
    const body = padded(bodyBytes, (padding) => ({
      type: "event_callback",
      team_id: "T123ABC456",
      api_app_id: "A123ABC456",
      event: { type: "message", channel: "C123ABC456", user: "U123ABC456", text: padding, ts: `${seconds}.000100` },
      event_id: randomUUID(),
      event_time: Number(seconds),
    }));
    const signature = `v0=${hmac(secret, `v0:${seconds}:${body}`)}`;
    return { body, headers: { "x-slack-request-timestamp": seconds, "x-slack-signature": signature } };
  },
  notion({ secret, bodyBytes }, now) {
    const body = padded(bodyBytes, (padding) => ({
      id: randomUUID(),
      timestamp: now.toISOString(),
      workspace_id: "13950b26-c203-4f3b-b97d-93ec06319565",
      type: "page.properties_updated",
      entity: { id: "1782edd6-a853-4d4a-b02c-9c8c16f28e53", type: "page" },
      data: { updated_properties: [padding] },
    }));
    return { body, headers: { "x-notion-signature": `sha256=${hmac(secret, body)}` } };
  },
  google({ bodyBytes, token = "" }, now) {
    const body = padded(bodyBytes, (padding) => ({
      message: { attributes: { note: padding }, messageId: randomUUID(), publishTime: now.toISOString() },
      subscription: "projects/bench/subscriptions/castiel",
    }));
    return { body, headers: { authorization: `Bearer ${token}` } };
  },
};

/** The id of the n-th Contact: 15 characters, as Salesforce's are. */
function contactId(index: number): string {
  return `003xx${String(index).padStart(10, "0")}`;
}

/** One delivery of a plan. */
export function makeDelivery(plan: RequestPlan, now = new Date(), index = 0): Delivery {
  const make = makers[plan.provider];
  if (!make) throw new Error(`no such provider: ${plan.provider}`);
  return make(plan, now, index);
}

/** Whole HTTP requests, ready to be written to a socket. */
export function makeRequests(plan: RequestPlan): Buffer[] {
  return Array.from({ length: plan.count }, (_, index) => {
    const { body, headers } = makeDelivery(plan, new Date(), index);
    const lines = Object.entries({
      "content-type": "application/json",
      ...headers,
      "content-length": String(Buffer.byteLength(body)),
    });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return Buffer.from(`POST ${plan.path} HTTP/1.1\r\nhost: localhost\r\n${head}\r\n${body}`);
  });
}

/** A token as Google signs it, valid for an hour. */
export function makeGoogleToken(privateKey: string, audience: string, email: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "https://accounts.google.com",
    aud: audience,
    iat: now,
    exp: now + 3600,
    email,
    email_verified: true,
  };
  const parts = [{ alg: "RS256", typ: "JWT", kid: "bench" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  return `${parts.join(".")}.${createSign("sha256").update(parts.join(".")).sign(privateKey, "base64url")}`;
}
