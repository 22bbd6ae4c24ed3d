import { createHash, createHmac, generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Proof, Provider } from "../../shared/core/provider";
import { DeliveryRefused, type Explanation } from "../../shared/core/refusal";
import type { VerificationSettings } from "../../shared/core/registration";
import { cloudevents } from "../../shared/providers/cloudevents";
import { customHmac } from "../../shared/providers/custom-hmac";
import { graph } from "../../shared/providers/graph";
import { shopify } from "../../shared/providers/shopify";
import { standard } from "../../shared/providers/standard";
import { stripe } from "../../shared/providers/stripe";
import { twilio } from "../../shared/providers/twilio";
import { contractNow } from "../contracts/provider";

const SECRET = "whsec_QSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcyE=";
const KEY = Buffer.from(SECRET.slice("whsec_".length), "base64");
const text = '{"type":"user.created","data":{"id":"u1","name":"Grüße ☃"}}';
const seconds = contractNow / 1000;
const webhookUrl = "https://hooks.example.com/webhooks/w";

type Headers_ = Readonly<Record<string, string>>;
type Key = string | Buffer;
const hmac = (key: Key, ...parts: string[]) => createHmac("sha256", key).update(parts.join(""));

/** How each sender signs a body, with the right key unless told otherwise. */
const signers = {
  standard: (body: string, key: Key = KEY, at = seconds): Headers_ => ({
    "webhook-id": "msg_1",
    "webhook-timestamp": String(at),
    "webhook-signature": `v1,${hmac(key, `msg_1.${at}.`, body).digest("base64")}`,
  }),
  stripe: (body: string, key: Key = SECRET, at = seconds): Headers_ => ({
    "stripe-signature": `t=${at},v1=${hmac(key, `${at}.`, body).digest("hex")}`,
  }),
  shopify: (body: string, key: Key = SECRET): Headers_ => ({
    "x-shopify-hmac-sha256": hmac(key, body).digest("base64"),
  }),
  hmac: (body: string, key: Key = SECRET, at = seconds): Headers_ => ({
    "x-time": String(at * 1000),
    "x-sig": hmac(key, `${at * 1000}.`, body).digest("hex"),
  }),
};
const hmacSettings: VerificationSettings = {
  signatureHeader: "x-sig",
  signedParts: ["{timestamp}", ".", "{body}"],
  timestampHeader: "x-time",
  timestampUnit: "milliseconds",
};
const senders: readonly (readonly [string, Provider, (typeof signers)[keyof typeof signers], VerificationSettings])[] =
  [
    ["Standard Webhooks", standard, signers.standard, {}],
    ["Stripe", stripe, signers.stripe, {}],
    ["Shopify", shopify, signers.shopify, {}],
    ["a custom HMAC", customHmac, signers.hmac, hmacSettings],
  ];

interface Delivery {
  readonly headers: Headers_;
  readonly body?: string | Buffer;
  readonly settings?: VerificationSettings;
  readonly scheme?: string;
  readonly url?: string;
}

/** What the owner reads of a delivery that `verify` refuses; fails the test if it is not refused. */
function explanationOf(provider: Provider, delivery: Delivery): Explanation | undefined {
  const { headers, body = text, settings = {}, scheme = provider.importedScheme, url = webhookUrl } = delivery;
  const request = new DeliveryRequest(new Headers(headers), Buffer.from(body), () => url);
  const proof: Proof = { scheme, secrets: [SECRET], settings, toleranceSeconds: 300, now: contractNow };
  try {
    void provider.verify(request, proof);
  } catch (error) {
    if (!(error instanceof DeliveryRefused)) throw error;
    return provider.explain?.(request, proof, error.reason);
  }
  throw new Error("it was accepted");
}

describe.each(senders)("a refused delivery of %s", (_, provider, signed, settings) => {
  it("is told where the body was written anew on its way", () => {
    const rewritten = JSON.stringify(JSON.parse(text), null, 2);
    expect(explanationOf(provider, { headers: signed(text), body: rewritten, settings })).toEqual({
      reason: "body_reserialised",
      detail: "The signature matches the body as JSON without spaces.",
    });
  });

  it("is told where the secret was altered", () => {
    const headers = signed(text, provider === standard ? SECRET : `"${SECRET}"`);
    const how =
      provider === standard ? "as text, not as the bytes that its base64 stands for" : "with quotation marks around it";
    expect(explanationOf(provider, { headers, settings })).toEqual({
      reason: "secret_altered",
      detail: `It was used ${how}.`,
    });
  });

  it("is told where it is signed as another provider signs", () => {
    expect(explanationOf(provider, { headers: { "x-hub-signature-256": "sha256=x" }, settings })).toEqual({
      reason: "other_provider",
      detail: "The header x-hub-signature-256 is there: that is how GitHub proves itself.",
    });
  });

  it("is no more than a mismatch where the secret is quite another, or the body too large to look into", () => {
    expect(explanationOf(provider, { headers: signed(text, "quite another"), settings })).toBeUndefined();
    const large = JSON.stringify({ a: "x".repeat(70_000) }, null, 2);
    expect(explanationOf(provider, { headers: signed(JSON.stringify(JSON.parse(large))), body: large, settings })).toBe(
      undefined,
    );
  });

  it("says nothing more where nothing is known", () => {
    expect(explanationOf(provider, { headers: {}, settings })).toBeUndefined();
    expect(explanationOf(provider, { headers: signed(text), settings, scheme: "telepathy" })).toBeUndefined();
  });
});

describe.each(senders.filter(([, provider]) => provider !== shopify))(
  "a delivery of %s at the wrong time",
  (_, provider, signed, settings) => {
    it("is told with by how much, and whether the signature is right", () => {
      expect(explanationOf(provider, { headers: signed(text, undefined, seconds - 412), settings })).toEqual({
        reason: "timestamp_stale",
        detail: "It is 412 seconds behind our clock; 300 are allowed. The signature itself is right.",
      });
      expect(explanationOf(provider, { headers: signed(text, "another", seconds + 301), settings })).toEqual({
        reason: "timestamp_future",
        detail: "It is 301 seconds ahead of our clock; 300 are allowed. The signature is not right either.",
      });
    });
  },
);

describe("a custom HMAC by other settings than the registration's", () => {
  const base = { signatureHeader: "x-sig" };
  it.each<[string, VerificationSettings, string, string]>([
    ["prefix", base, `sha256=${hmac(SECRET, text).digest("hex")}`, '{"signaturePrefix":"sha256="}'],
    ["no prefix", { ...base, signaturePrefix: "v1=" }, hmac(SECRET, text).digest("hex"), '{"signaturePrefix":""}'],
    ["encoding", base, hmac(SECRET, text).digest("base64"), '{"signatureEncoding":"base64"}'],
    ["algorithm", base, createHmac("sha512", SECRET).update(text).digest("hex"), '{"algorithm":"sha512"}'],
    [
      "parts",
      { ...base, signedParts: ["{body}", "{timestamp}"], timestampHeader: "x-time" },
      hmac(SECRET, text).digest("hex"),
      '{"signedParts":["{body}"]}',
    ],
    [
      "parts with the time",
      { ...base, signedParts: ["{body}", "{timestamp}"], timestampHeader: "x-time" },
      `v1=${hmac(SECRET, `${seconds}.`, text).digest("base64")}`,
      '{"signatureEncoding":"base64","signaturePrefix":"v1=","signedParts":["{timestamp}",".","{body}"]}',
    ],
  ])("is told: %s", (_, settings, signature, expected) => {
    const headers = { "x-sig": signature, "x-time": String(seconds) };
    expect(explanationOf(customHmac, { headers, settings })).toEqual({
      reason: "settings_mismatch",
      detail: `It is right with ${expected}.`,
    });
  });

  it("is not told of a large body", () => {
    const body = "x".repeat(70_000);
    const headers = { "x-sig": hmac(SECRET, body).digest("base64") };
    expect(explanationOf(customHmac, { headers, body, settings: base })).toBeUndefined();
  });
});

describe("Standard Webhooks signed by the other scheme alone", () => {
  const keys = generateKeyPairSync("ed25519");
  const publicKey = `whpk_${Buffer.from(keys.publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("base64")}`;
  const asymmetric = sign(null, Buffer.from(`msg_1.${seconds}.${text}`), keys.privateKey).toString("base64");

  it("is told as that, either way", () => {
    const headers = { ...signers.standard(text), "webhook-signature": `v1a,${asymmetric}` };
    expect(explanationOf(standard, { headers })).toEqual({
      reason: "other_scheme",
      detail: "It is signed as v1a alone; this webhook is set to native.",
    });
    const symmetric = { headers: signers.standard(text), scheme: "v1a", settings: { publicKey } };
    expect(explanationOf(standard, symmetric)).toMatchObject({ reason: "other_scheme" });
    const neither = { ...signers.standard(text), "webhook-signature": "v2,x" };
    expect(explanationOf(standard, { headers: neither })).toBeUndefined();
  });

  it("is never genuine by an HMAC with the public key, which everybody has", () => {
    for (const version of ["v1", "v1a"]) {
      const raw = Buffer.from(publicKey.slice("whpk_".length), "base64");
      for (const key of [publicKey, raw]) {
        const forged = `${version},${hmac(key, `msg_1.${seconds}.`, text).digest("base64")}`;
        const headers = { ...signers.standard(text), "webhook-signature": forged };
        expect(() => explanationOf(standard, { headers, scheme: "v1a", settings: { publicKey } })).not.toThrow();
      }
    }
  });
});

describe("a refused delivery of CloudEvents", () => {
  it("is told where it proves itself by the other scheme", () => {
    expect(explanationOf(cloudevents, { headers: signers.standard(text) })).toEqual({
      reason: "other_scheme",
      detail: "The header webhook-signature belongs to the scheme standard; this webhook is set to bearer.",
    });
    expect(
      explanationOf(cloudevents, { headers: { authorization: `Bearer ${SECRET}` }, scheme: "standard" }),
    ).toMatchObject({ reason: "other_scheme" });
  });

  it("is explained as Standard Webhooks under that scheme", () => {
    const headers = { ...signers.standard(text, SECRET), "content-type": "application/cloudevents+json" };
    expect(explanationOf(cloudevents, { headers, scheme: "standard" })).toMatchObject({ reason: "secret_altered" });
    expect(explanationOf(cloudevents, { headers: { "aeg-sas-key": "x" } })).toBeUndefined();
  });
});

describe("a refused delivery of Twilio", () => {
  const form = "MessageSid=SM1&MessageStatus=delivered";
  const formType = { "content-type": "application/x-www-form-urlencoded" };
  const signature = (url: string, parameters = "MessageSidSM1MessageStatusdelivered", key = SECRET) =>
    createHmac("sha1", key).update(`${url}${parameters}`).digest("base64");

  it.each(["host", "x-forwarded-host"])(
    "is told where it was signed for another address, that of the header %s",
    (name) => {
      const headers = {
        ...formType,
        [name]: "proxy.example.net",
        "x-twilio-signature": signature("https://proxy.example.net/webhooks/w"),
      };
      expect(explanationOf(twilio, { headers, body: form })).toEqual({
        reason: "url_mismatch",
        detail: "It is right for https://proxy.example.net; this service is https://hooks.example.com.",
      });
    },
  );

  it("is never genuine for that address", () => {
    const headers = {
      ...formType,
      host: "evil.example.net",
      "x-twilio-signature": signature("https://evil.example.net/webhooks/w"),
    };
    expect(explanationOf(twilio, { headers, body: form })?.reason).toBe("url_mismatch");
    const stranger = {
      ...headers,
      "x-twilio-signature": signature("https://evil.example.net/webhooks/w", "", "other"),
    };
    expect(explanationOf(twilio, { headers: { ...stranger, host: "no host" }, body: form })).toBeUndefined();
  });

  it("is told where the secret was altered, also of JSON", () => {
    const json = `?bodySHA256=${createHash("sha256").update(text).digest("hex")}`;
    const headers = {
      "content-type": "application/json",
      "x-twilio-signature": signature(webhookUrl + json, "", `${SECRET}\n`),
    };
    expect(explanationOf(twilio, { headers, url: webhookUrl + json })).toMatchObject({ reason: "secret_altered" });
  });
});

it("tells of a notification to Microsoft Graph's webhook that it is somebody else's", () => {
  expect(explanationOf(graph, { headers: { "stripe-signature": "t=1,v1=x" } })).toMatchObject({
    reason: "other_provider",
  });
  expect(explanationOf(graph, { headers: {}, body: '{"value":[{"clientState":"another"}]}' })).toBeUndefined();
});

describe("an explanation", () => {
  const anything = fc.oneof(
    fc.json().map((json) => Buffer.from(json)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  const value = fc.oneof(
    fc.stringMatching(/^[!-~]{0,100}$/),
    fc.stringMatching(/^(sha256=|v1,|t=1795510800,v1=|t=1795500000,v1=|)[0-9a-f]{64}$/),
    fc.constantFrom(String(seconds), String(seconds - 1000), String(seconds * 1000), "application/json"),
    anything.map((bytes) => `v1,${createHmac("sha256", KEY).update(bytes).digest("base64")}`),
  );
  const names = [
    ...["webhook-signature", "webhook-id", "webhook-timestamp", "stripe-signature", "x-shopify-hmac-sha256"],
    ...["x-twilio-signature", "x-sig", "x-time", "host", "authorization", "content-type"],
  ];

  it("never throws, and never holds the secret or a digest that it made", () => {
    const provider = fc.constantFrom(standard, stripe, shopify, twilio, customHmac, cloudevents, graph);
    const headers = fc.dictionary(fc.constantFrom(...names), value);
    fc.assert(
      fc.property(provider, headers, anything, fc.nat(1), (sender, given, body, choice) => {
        const scheme = sender.schemes[choice] ?? sender.schemes[0];
        const told = JSON.stringify(
          explanationOf(sender, { headers: given, body, settings: hmacSettings, scheme }) ?? {},
        );
        expect(told).not.toContain(SECRET);
        expect(told).not.toMatch(/[0-9a-f]{64}|[A-Za-z0-9+/]{43}=/);
      }),
      { numRuns: 300 },
    );
  });
});
