import { createHmac } from "node:crypto";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { VerificationSettings } from "../../shared/core/registration";
import { customHmac } from "../../shared/providers/custom-hmac";
import { trust } from "../../shared/providers/trust";
import { contractNow, describeScheme } from "../contracts/provider";

const body = Buffer.from(JSON.stringify({ type: "user.created", id: "d1", data: { id: "u1", name: "Grüße ☃" } }));
const flipLast = (value: string) => value.slice(0, -1) + (value.endsWith("0") ? "1" : "0");
const flipFirst = (value: string) => (value.startsWith("A") ? "B" : "A") + value.slice(1);

describe("a custom HMAC in hex over the body", () => {
  describeScheme({
    provider: customHmac,
    scheme: "native",
    settings: { signatureHeader: "X-Acme-Signature", signaturePrefix: "sha256=", idPath: "id" },
    body,
    headers: (bytes, secret) => ({
      "x-acme-signature": `sha256=${createHmac("sha256", secret).update(bytes).digest("hex")}`,
    }),
    proofHeader: "x-acme-signature",
    corruptProof: flipLast,
  });
});

describe("a custom HMAC-SHA512 in base64 over id, time in milliseconds and body", () => {
  describeScheme({
    provider: customHmac,
    scheme: "native",
    settings: {
      algorithm: "sha512",
      signatureHeader: "x-sig",
      signatureEncoding: "base64",
      signedParts: ["v1:", "{id}", ":", "{timestamp}", ":", "{body}"],
      timestampHeader: "x-time",
      timestampUnit: "milliseconds",
      idHeader: "x-id",
    },
    body,
    headers: (bytes, secret, now) => ({
      "x-id": "d1",
      "x-time": String(now),
      "x-sig": createHmac("sha512", secret).update(`v1:d1:${now}:`).update(bytes).digest("base64"),
    }),
    proofHeader: "x-sig",
    encoding: "base64",
    timestampHeader: "x-time",
    timestampUnits: 1000,
    corruptProof: flipFirst,
  });
});

describe("a custom HMAC-SHA1 in hex, body first and the time in seconds after it", () => {
  describeScheme({
    provider: customHmac,
    scheme: "native",
    settings: {
      algorithm: "sha1",
      signatureHeader: "x-sig",
      signedParts: ["{body}", "|", "{timestamp}"],
      timestampHeader: "x-time",
    },
    body,
    headers: (bytes, secret, now) => {
      const time = String(now / 1000);
      return { "x-time": time, "x-sig": createHmac("sha1", secret).update(bytes).update(`|${time}`).digest("hex") };
    },
    proofHeader: "x-sig",
    timestampHeader: "x-time",
    corruptProof: flipLast,
  });
});

describe("a custom HMAC", () => {
  const settings = { signatureHeader: "x-sig", signedParts: ["{id}", "{body}"], idHeader: "x-id" };
  const signature = createHmac("sha256", "secret").update("d1").update(body).digest("hex");
  const verify = (headers: Record<string, string>, overrides: VerificationSettings = {}) =>
    customHmac.verify(new DeliveryRequest(new Headers(headers), body), {
      scheme: "native",
      secrets: ["secret"],
      settings: { ...settings, ...overrides },
      toleranceSeconds: 300,
      now: contractNow,
    });

  // RFC 4231 and RFC 2202, test case 2 of each.
  it.each([
    ["sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
    [
      "sha512",
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ],
    ["sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"],
  ] as const)("is the published one by %s", (algorithm, digest) => {
    const published = { scheme: "native", secrets: ["Jefe"], toleranceSeconds: 300, now: contractNow };
    const verifyAs = (value: string, signatureEncoding: "hex" | "base64") => {
      const content = Buffer.from("what do ya want for nothing?");
      const request = new DeliveryRequest(new Headers({ "x-sig": value }), content);
      return customHmac.verify(request, {
        ...published,
        settings: { algorithm, signatureHeader: "x-sig", signatureEncoding },
      });
    };
    expect(verifyAs(digest, "hex")).toBeInstanceOf(DeliveryRequest);
    expect(verifyAs(Buffer.from(digest, "hex").toString("base64"), "base64")).toBeInstanceOf(DeliveryRequest);
  });

  it("covers the id where the settings say so", () => {
    expect(verify({ "x-sig": signature, "x-id": "d1" })).toBeInstanceOf(DeliveryRequest);
    expect(() => verify({ "x-sig": signature, "x-id": "d2" })).toThrow("signature_mismatch");
    expect(() => verify({ "x-sig": signature })).toThrow("header_missing");
  });

  it("refuses a signature by another algorithm than the registration's, whatever the request suggests", () => {
    const sha1 = createHmac("sha1", "secret").update("d1").update(body).digest("hex");
    expect(() => verify({ "x-sig": sha1, "x-id": "d1" })).toThrow("header_malformed");
    expect(() => verify({ "x-sig": signature, "x-id": "d1" }, { algorithm: "sha512" })).toThrow("header_malformed");
  });

  it("waits until it knows where the signature stands", () => {
    expect(customHmac.missingSettings?.({})).toEqual(["signatureHeader"]);
    expect(customHmac.missingSettings?.(settings)).toEqual([]);
    const proof = { scheme: "native", secrets: ["s"], settings: {}, toleranceSeconds: 300, now: contractNow };
    const request = new DeliveryRequest(new Headers(), body);
    expect(() => customHmac.verify(request, proof)).toThrow("pending_verification");
  });

  it("calls itself weak without a signed time", () => {
    expect(customHmac.weakness?.(settings)).toContain("signs no time");
    expect(customHmac.weakness?.({ timestampHeader: "x-time" })).toBeUndefined();
  });

  it.each<[VerificationSettings, string[]]>([
    [{}, []],
    [{ signedParts: ["{timestamp}", ".", "{body}"], timestampHeader: "x-time" }, []],
    [{ signedParts: ["{timestamp}", "{body}"] }, ["holds {timestamp}, which needs timestampHeader"]],
    [{ signedParts: ["{id}", "{body}"] }, ["holds {id}, which needs idHeader"]],
    [{ signedParts: ["hello"] }, ["must hold {body} once"]],
    [{ signedParts: ["{body}", "{body}"] }, ["must hold {body} once"]],
    [{ timestampHeader: "x-time" }, ["must hold {timestamp}: a time that is not signed proves nothing"]],
    [{ signedParts: ["{id}"] }, ["must hold {body} once", "holds {id}, which needs idHeader"]],
  ])("with the settings %j has the problems %j", (some, messages) => {
    const problems = customHmac.settingsProblems?.(some) ?? [];
    expect(problems.map(({ message }) => message)).toEqual(messages);
    for (const { path } of problems) expect(path).toBe("/verification/signedParts");
  });
});

describe("a custom sender's events", () => {
  const parse = (json: unknown, settings?: VerificationSettings, headers = {}) => {
    const bytes = Buffer.from(typeof json === "string" ? json : JSON.stringify(json));
    return customHmac.parse(trust(new DeliveryRequest(new Headers(headers), bytes)), contractNow, settings);
  };

  it("have the id that the settings point to: the header before the body", () => {
    const json = { type: "user.created", meta: { no: 7 }, data: { id: "u1" } };
    expect(parse(json).deliveryId).toBeUndefined();
    expect(parse(json, { idPath: "meta.no" }).deliveryId).toBe("7");
    expect(parse(json, { idPath: "meta.no", idHeader: "x-id" }, { "x-id": "d1" }).deliveryId).toBe("d1");
    expect(parse(json, { idHeader: "x-id" }).deliveryId).toBeUndefined();
    expect(parse(json, { idPath: "meta" }).deliveryId).toBeUndefined();
  });

  it.each(["", "{", "[]", "{}", "7", '{"type":{"user":"created"}}', '{"type":["user.created"],"data":{"id":"1"}}'])(
    "are none in %j",
    (text) => {
      expect(parse(text)).toMatchObject({ events: [], ignored: "unknown_shape" });
    },
  );
});

describe("a custom sender's set-up steps", () => {
  const steps = (settings: VerificationSettings, missingSettings: string[] = []) =>
    customHmac
      .setupSteps({ webhookUrl: "https://h.example/w", scheme: "native", settings, missingSettings })
      .join("\n");

  it("say what is missing, and what that leaves open", () => {
    expect(steps({}, ["signatureHeader"])).toContain("without which every delivery is refused");
    expect(steps({})).toContain("nothing stops the replay");
    expect(steps({})).toContain("Without idHeader or idPath");
  });

  it("say how to sign", () => {
    const text = steps({
      algorithm: "sha512",
      signatureHeader: "x-sig",
      signedParts: ["{timestamp}", ".", "{body}"],
      timestampHeader: "x-time",
      idPath: "id",
    });
    expect(text).toContain("HMAC-sha512 of {timestamp} + . + {body}, keyed with the secret's text, into x-sig");
    expect(text).not.toMatch(/nothing stops|Without idHeader/);
  });
});
