import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Proof } from "../../shared/core/provider";
import type { VerificationSettings } from "../../shared/core/registration";
import { eventNameOf } from "../../shared/core/webhook-event";
import { standard } from "../../shared/providers/standard";
import { trust } from "../../shared/providers/trust";
import { contractNow, describeScheme } from "../contracts/provider";

const body = Buffer.from(
  JSON.stringify({
    type: "user.created",
    timestamp: "2026-11-24T08:59:59.344522Z",
    data: { id: "u1", name: "Grüße ☃" },
  }),
);
const seconds = String(contractNow / 1000);
const keys = generateKeyPairSync("ed25519");
const publicKey = `whpk_${Buffer.from(keys.publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("base64")}`;

/** The specification's scheme, written anew: `v1` over `id.timestamp.body`, keyed with the decoded secret. */
function v1(secret: string, bytes: Buffer, time = seconds, id = "msg_1"): string {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${time}.`).update(bytes).digest("base64")}`;
}

function v1a(bytes: Buffer, time = seconds, id = "msg_1", privateKey = keys.privateKey): string {
  return `v1a,${sign(null, Buffer.concat([Buffer.from(`${id}.${time}.`), bytes]), privateKey).toString("base64")}`;
}

const headersOf = (signature: string, time = seconds, family = "webhook") => ({
  [`${family}-id`]: "msg_1",
  [`${family}-timestamp`]: time,
  [`${family}-signature`]: signature,
});
const changeFirstLetter = (value: string) => value.replace(/,(.)/, (_, letter) => (letter === "A" ? ",B" : ",A"));

for (const family of ["webhook", "svix"]) {
  describe(`Standard Webhooks' v1 with ${family}- headers`, () => {
    describeScheme({
      provider: standard,
      scheme: "native",
      body,
      headers: (bytes, secret, now) => {
        const time = String(now / 1000);
        return headersOf(v1(secret, bytes, time), time, family);
      },
      proofHeader: `${family}-signature`,
      encoding: "base64",
      timestampHeader: `${family}-timestamp`,
      corruptProof: changeFirstLetter,
    });
  });
}

describe("Standard Webhooks' v1a", () => {
  describeScheme({
    provider: standard,
    scheme: "v1a",
    settings: { publicKey },
    body,
    headers: (bytes, _, now) => {
      const time = String(now / 1000);
      return headersOf(v1a(bytes, time), time);
    },
    proofHeader: "webhook-signature",
    encoding: "base64",
    timestampHeader: "webhook-timestamp",
    sharedSecret: false,
    corruptProof: changeFirstLetter,
  });
});

describe("Standard Webhooks' signatures", () => {
  const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
  const other = `whsec_${Buffer.alloc(24, 8).toString("base64")}`;
  const verify = (headers: Record<string, string>, overrides: Partial<Proof> = {}) => {
    const proof = { scheme: "native", secrets: [secret], settings: {}, toleranceSeconds: 300, now: contractNow };
    return standard.verify(new DeliveryRequest(new Headers(headers), body), { ...proof, ...overrides });
  };
  const unknown = "v2,anything,at-all";

  it("are made as in the example that Svix and Standard Webhooks publish to test with", () => {
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const proof: Proof = {
      scheme: "native",
      secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
      settings: {},
      toleranceSeconds: 300,
      now: 1_614_265_330_000,
    };
    const example = (text: string) => new DeliveryRequest(new Headers(headers), Buffer.from(text));
    expect(standard.verify(example('{"test": 2432232314}'), proof)).toBeInstanceOf(DeliveryRequest);
    expect(() => standard.verify(example('{"test":2432232314}'), proof)).toThrow("signature_mismatch");
  });

  it("are enough with any one that matches, and those of unknown versions are ignored", () => {
    for (const list of [
      [v1(other, body), v1(secret, body)],
      [v1(secret, body), v1(other, body), unknown],
      [v1a(body), unknown, v1(secret, body)],
    ]) {
      expect(verify(headersOf(list.join(" ")))).toBeInstanceOf(DeliveryRequest);
    }
  });

  it("of one version are never taken for another's", () => {
    const asV1 = v1(secret, body).replace("v1,", "v1a,");
    expect(() => verify(headersOf(asV1))).toThrow("header_malformed");
    expect(() => verify(headersOf(v1a(body).replace("v1a,", "v1,")))).toThrow("header_malformed");
    const settings = { scheme: "v1a", settings: { publicKey } };
    expect(() => verify(headersOf(v1(secret, body)), settings)).toThrow("header_malformed");
    expect(() => verify(headersOf(v1a(body)))).toThrow("header_malformed");
  });

  it("are taken with the id and the time of their own family alone", () => {
    const mixed = { ...headersOf(v1(secret, body)), "webhook-id": "msg_2", "svix-id": "msg_1" };
    expect(() => verify(mixed)).toThrow("signature_mismatch");
    const { "webhook-id": _, ...rest } = headersOf(v1(secret, body));
    expect(() => verify({ ...rest, "svix-id": "msg_1" })).toThrow("header_missing");
    const { "webhook-timestamp": __, ...timeless } = headersOf(v1(secret, body));
    expect(() => verify({ ...timeless, "svix-timestamp": seconds })).toThrow("timestamp_missing");
    const both = { ...headersOf(v1(other, body)), ...headersOf(v1(secret, body), seconds, "svix") };
    expect(() => verify(both)).toThrow("signature_mismatch");
  });

  it("cover the id", () => {
    expect(() => verify({ ...headersOf(v1(secret, body)), "webhook-id": "msg_2" })).toThrow("signature_mismatch");
  });

  it.each([
    ["a stray word", "x "],
    ["two spaces", `${unknown}  `],
    ["more than anybody sends", `${Array.from({ length: 16 }, () => unknown).join(" ")} `],
  ])("are refused in a list with %s", (_, before) => {
    expect(() => verify(headersOf(before + v1(secret, body)))).toThrow("header_malformed");
  });

  it("are made with what the secret stands for, never with its text", () => {
    const wrong = createHmac("sha256", secret).update(`msg_1.${seconds}.`).update(body).digest("base64");
    expect(() => verify(headersOf(`v1,${wrong}`))).toThrow("signature_mismatch");
    const bare = secret.replace("whsec_", "");
    expect(verify(headersOf(v1(secret, body)), { secrets: [bare] })).toBeInstanceOf(DeliveryRequest);
  });

  it.each(["whsec_Aa:.:.:.:!*()", `whsec_${Buffer.alloc(15, 1).toString("base64")}`])(
    "are refused with %s, which stands for less than 16 bytes",
    (short) => {
      expect(() => verify(headersOf(v1(short, body)), { secrets: [short] })).toThrow("secret_missing");
    },
  );

  it("of v1a are refused for another key, and until there is a key", () => {
    const stranger = v1a(body, seconds, "msg_1", generateKeyPairSync("ed25519").privateKey);
    const scheme = "v1a";
    expect(() => verify(headersOf(stranger), { scheme, settings: { publicKey } })).toThrow("signature_mismatch");
    expect(() => verify(headersOf(v1a(body)), { scheme })).toThrow("pending_verification");
    expect(standard.missingSettings?.({ scheme })).toEqual(["publicKey"]);
    expect(standard.missingSettings?.({ scheme, publicKey })).toEqual([]);
    expect(standard.missingSettings?.({ scheme: "native" })).toEqual([]);
  });

  it.each([
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true],
    ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true],
    ["whsec_", false],
    [`whsec_${Buffer.alloc(16, 1).toString("base64")}`, true],
    [`whsec_${Buffer.alloc(15, 1).toString("base64")}`, false],
    ["a plain password", false],
  ])("need a secret that is base64: %s", (text, isGood) => {
    expect(standard.secretProblem?.(text, {}) === undefined).toBe(isGood);
  });
});

describe("Standard Webhooks' events", () => {
  const parse = (json: unknown, settings?: VerificationSettings) => {
    const request = new DeliveryRequest(new Headers(headersOf("v1,x")), Buffer.from(JSON.stringify(json)));
    return standard.parse(trust(request), contractNow, settings);
  };

  it("are read from type, timestamp and data, under the delivery's id", () => {
    const data = { id: "inv_1", total: 7 };
    expect(parse({ type: "invoice.line_item.updated", timestamp: "2026-11-24T08:00:00Z", data })).toEqual({
      deliveryId: "msg_1",
      events: [
        {
          entityType: "invoice_line_item",
          eventType: "updated",
          entityId: "inv_1",
          nativeType: "invoice.line_item.updated",
          nativeAction: undefined,
          occurredAt: "2026-11-24T08:00:00.000Z",
          version: { kind: "time", value: Date.UTC(2026, 10, 24, 8) },
          completeness: "partial",
          data,
        },
      ],
    });
  });

  it.each([
    ["user.created", "user.created", undefined],
    ["user.deleted", "user.deleted", undefined],
    ["user.restored", "user.restored", undefined],
    ["invoice.paid", "invoice.occurred", "paid"],
    ["ping", "ping.occurred", undefined],
    ["UserCreated", "user.created", undefined],
    ["order.created.v2", "order.created", undefined],
  ])("named %s are %s", (type, eventName, nativeAction) => {
    const { events } = parse({ type, data: { id: 7 } });
    expect(events.map(eventNameOf)).toEqual([eventName]);
    expect(events[0]).toMatchObject({ entityId: "7", nativeType: type, completeness: "hint" });
    expect(events[0]?.nativeAction).toBe(nativeAction);
  });

  it("are found elsewhere, and by other words, where the settings say so", () => {
    const json = { event: { kind: "Order" }, what: "order_removed", body: { order: { no: "9", at: 1795510000 } } };
    const settings = {
      typePath: "event.kind",
      actionPath: "what",
      entityPath: "body.order.no",
      timePath: "body.order.at",
      deletedWords: ["order_removed"],
    };
    expect(parse(json, settings).events).toMatchObject([
      {
        entityType: "order",
        eventType: "deleted",
        entityId: "9",
        nativeType: "Order.order_removed",
        occurredAt: new Date(1_795_510_000_000).toISOString(),
        data: { no: "9", at: 1795510000 },
      },
    ]);
  });

  it("without an action of their own are named by their type alone", () => {
    const settings = { actionPath: "action", createdWords: ["new"] };
    expect(parse({ type: "user.new", data: { id: "1" } }, settings).events).toMatchObject([
      { entityType: "user", eventType: "created", nativeType: "user.new", nativeAction: "new" },
    ]);
  });

  it.each([
    ["{}", {}, "unknown_shape"],
    ["a list", [{ type: "user.created", data: { id: "1" } }], "unknown_shape"],
    ["a type that is no text", { type: 7, data: { id: "1" } }, "unknown_shape"],
    ["a type that is only an action", { type: "created", data: { id: "1" } }, "unknown_shape"],
    ["a type longer than any", { type: `${"a".repeat(201)}.created`, data: { id: "1" } }, "unknown_shape"],
    ["a list for data", { type: "user.created", data: [{ id: "1" }] }, "entity_id_missing"],
    ["no id", { type: "user.created", data: { name: "Ada" } }, "entity_id_missing"],
    ["an id that JSON could not carry", { type: "user.created", data: { id: 2 ** 53 } }, "entity_id_missing"],
    ["an id that is none", { type: "user.created", data: { id: "x".repeat(1025) } }, "entity_id_missing"],
  ])("are none in %s, which says why", (_, json, ignored) => {
    expect(parse(json)).toEqual({ deliveryId: "msg_1", events: [], ignored });
  });

  it("are none in what nests too deep to be written again", () => {
    const text = `{"type":"user.created","data":{"id":"1","x":${"[".repeat(50_000)}${"]".repeat(50_000)}}}`;
    const request = trust(new DeliveryRequest(new Headers(headersOf("v1,x")), Buffer.from(text)));
    expect(standard.parse(request, contractNow)).toMatchObject({ events: [], ignored: "unknown_shape" });
  });
});

describe("Standard Webhooks' set-up steps", () => {
  const webhookUrl = "https://hooks.example.com/webhooks/webhook-1";
  const steps = (scheme: string, missingSettings: string[] = []) =>
    standard.setupSteps({ webhookUrl, scheme, settings: {}, missingSettings }).join("\n");

  it("give the URL, and ask for what the scheme needs", () => {
    expect(steps("native")).toContain('{"webhookSecret":"whsec_…"}');
    expect(steps("v1a", ["publicKey"])).toContain("until then every delivery is refused");
    expect(steps("v1a")).toContain("If the sender changes its key");
    for (const scheme of standard.schemes) expect(steps(scheme)).toContain(webhookUrl);
  });
});
