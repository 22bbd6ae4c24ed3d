import { createHmac } from "node:crypto";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import { eventNameOf } from "../../shared/core/webhook-event";
import { cloudevents } from "../../shared/providers/cloudevents";
import { contractNow, describeScheme } from "../contracts/provider";
import { parseAs } from "../support/parse";

const order = {
  specversion: "1.0",
  type: "com.example.order.created",
  source: "/shops/1",
  id: "A234-1234-1234",
  subject: "order-7",
  time: "2026-11-24T08:59:00Z",
  datacontenttype: "application/json",
  data: { id: "7", total: 12 },
};
const structuredType = { "content-type": "application/cloudevents+json; charset=utf-8" };
const batchType = { "content-type": "application/cloudevents-batch+json" };
const bytesOf = (json: unknown) => Buffer.from(JSON.stringify(json));

/** A signature of Standard Webhooks, made by node:crypto. */
function signed(body: Buffer, secret: string, now: number): Record<string, string> {
  const time = String(now / 1000);
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signature = createHmac("sha256", key).update(`msg_1.${time}.`).update(body).digest("base64");
  return { "webhook-id": "msg_1", "webhook-timestamp": time, "webhook-signature": `v1,${signature}` };
}

describe("CloudEvents' scheme bearer", () => {
  describeScheme({
    provider: cloudevents,
    scheme: "bearer",
    body: bytesOf(order),
    headers: (_, secret) => ({ ...structuredType, authorization: `Bearer ${secret}` }),
    proofHeader: "authorization",
    encoding: "none",
    mismatch: "secret_mismatch",
    coversBody: false,
    corruptProof: (value) => value.replace(/.=$/, (end) => (end === "A=" ? "B=" : "A=")),
  });

  const verify = (headers: Record<string, string>, url = "") => {
    const request = new DeliveryRequest(new Headers({ ...structuredType, ...headers }), bytesOf(order), () => url);
    const proof = {
      scheme: "bearer",
      secrets: ["s3cr3t-token"],
      settings: {},
      toleranceSeconds: 300,
      now: contractNow,
    };
    return cloudevents.verify(request, proof);
  };

  it("takes the token from the header, never from the URL, and from no other kind of Authorization", () => {
    expect(verify({ authorization: "bearer s3cr3t-token" })).toBeInstanceOf(DeliveryRequest);
    const url = "https://hooks.example.com/webhooks/w?access_token=s3cr3t-token";
    expect(() => verify({}, url)).toThrow("token_missing");
    for (const authorization of ["Basic s3cr3t-token", "s3cr3t-token", "Bearer s3cr3t token", "Bearer"]) {
      expect(() => verify({ authorization })).toThrow("token_malformed");
    }
  });

  it("needs a secret that a header can hold", () => {
    expect(cloudevents.secretProblem?.("s3cr3t-token", { scheme: "bearer" })).toBeUndefined();
    expect(cloudevents.secretProblem?.("two words", { scheme: "bearer" })).toContain("printable ASCII");
    expect(cloudevents.secretProblem?.("two words", { scheme: "standard" })).toContain("base64");
  });
});

describe("CloudEvents' scheme standard", () => {
  describeScheme({
    provider: cloudevents,
    scheme: "standard",
    body: bytesOf([order]),
    headers: (body, secret, now) => ({ ...batchType, ...signed(body, secret, now) }),
    proofHeader: "webhook-signature",
    encoding: "base64",
    timestampHeader: "webhook-timestamp",
    corruptProof: (value) => value.replace(/,(.)/, (_, letter) => (letter === "A" ? ",B" : ",A")),
  });

  it("refuses binary mode, whose attributes the signature does not cover", () => {
    const body = bytesOf(order.data);
    const headers = {
      "content-type": "application/json",
      ...{ "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "order.deleted" },
      ...signed(body, "whsec_c2VjcmV0c2VjcmV0c2VjcmV0", contractNow),
    };
    const secrets = ["whsec_c2VjcmV0c2VjcmV0c2VjcmV0"];
    const proof = { scheme: "standard", secrets, settings: {}, toleranceSeconds: 300, now: contractNow };
    const verify = () => cloudevents.verify(new DeliveryRequest(new Headers(headers), body), proof);
    expect(verify).toThrow("content_unsigned");
  });
});

describe("CloudEvents in structured mode", () => {
  it("become events under their source and id", () => {
    expect(parseAs(cloudevents, order, structuredType)).toEqual({
      deliveryId: "/shops/1 A234-1234-1234",
      events: [
        {
          id: "/shops/1 A234-1234-1234",
          entityType: "order",
          eventType: "created",
          entityId: "order-7",
          nativeType: "com.example.order.created",
          nativeAction: undefined,
          occurredAt: "2026-11-24T08:59:00.000Z",
          version: { kind: "time", value: Date.UTC(2026, 10, 24, 8, 59) },
          scope: "/shops/1",
          idScope: "/shops/1",
          completeness: "partial",
          data: { id: "7", total: 12 },
        },
      ],
    });
  });

  it.each([
    ["Microsoft.Storage.BlobCreated", "blob.created"],
    ["Microsoft.Storage.BlobDeleted", "blob.deleted"],
    ["com.github.push", "push.occurred"],
    ["google.cloud.storage.object.v1.finalized", "object.occurred"],
    ["dev.knative.order.updated", "order.updated"],
    ["sampletype", "sampletype.occurred"],
  ])("of the type %s are %s", (type, eventName) => {
    const { events } = parseAs(cloudevents, { ...order, type }, structuredType);
    expect(events.map(eventNameOf)).toEqual([eventName]);
    expect(events[0]?.nativeType).toBe(type);
  });

  it.each([
    ["the subject", {}, "order-7"],
    ["the data's id", { subject: undefined }, "7"],
    ["the event's own id", { subject: undefined, data: { total: 12 } }, order.id],
    ["the event's own id, where the data's was rounded", { subject: "", data: { id: 2 ** 60 } }, order.id],
  ])("are about %s", (_, differences, entityId) => {
    expect(parseAs(cloudevents, { ...order, ...differences }, structuredType).events).toMatchObject([{ entityId }]);
  });

  it.each([
    ["none", { data: undefined }, {}],
    ["null", { data: null }, {}],
    ["a text", { data: "<much/>", datacontenttype: "application/xml" }, { data: "<much/>" }],
    ["a list", { data: [1, 2] }, { data: [1, 2] }],
    ["JSON in base64", { data: undefined, data_base64: btoa('{"a":1}') }, { a: 1 }],
    [
      "bytes in base64",
      { data: undefined, data_base64: "/wD/", datacontenttype: "image/png" },
      { data_base64: "/wD/" },
    ],
    [
      "JSON in base64 that nests too deep",
      { data: undefined, data_base64: btoa("[".repeat(101) + "]".repeat(101)) },
      { data_base64: btoa("[".repeat(101) + "]".repeat(101)) },
    ],
    ["base64 that is no JSON after all", { data: undefined, data_base64: btoa("{") }, { data_base64: btoa("{") }],
  ])("keep their data: %s", (_, differences, data) => {
    expect(parseAs(cloudevents, { ...order, ...differences }, structuredType).events).toMatchObject([{ data }]);
  });

  it.each([
    ["{}", {}],
    ["a list", [order]],
    ["a number", 7],
    ["another version", { ...order, specversion: "0.3" }],
    ["no id", { ...order, id: undefined }],
    ["an id that is no text", { ...order, id: 7 }],
    ["no source", { ...order, source: "" }],
    ["a type longer than any", { ...order, type: "a".repeat(300) }],
    ["an attribute longer than any", { ...order, source: "s".repeat(3000) }],
    ["a type of nothing but dots", { ...order, type: "..." }],
  ])("are none in %s", (_, json) => {
    expect(parseAs(cloudevents, json, structuredType)).toMatchObject({ events: [], ignored: "unknown_shape" });
  });

  it("are none in what nests too deep, in broken JSON, and in a format that is not read", () => {
    const deep = JSON.stringify({ ...order, data: { id: 7, x: 0 } }).replace(
      '"x":0',
      `"x":${"[".repeat(9e3)}${"]".repeat(9e3)}`,
    );
    for (const text of [deep, "{", ""]) {
      expect(parseAs(cloudevents, text, structuredType)).toMatchObject({ events: [], ignored: "unknown_shape" });
    }
    for (const type of [
      "application/cloudevents+xml",
      "application/cloudevents+avro; x=+json",
      "application/cloudevents",
    ]) {
      expect(parseAs(cloudevents, order, { "content-type": type })).toEqual({
        events: [],
        ignored: "unsupported_format",
      });
    }
  });
});

describe("CloudEvents in batched mode", () => {
  const second = { ...order, id: "A234-1234-1235", type: "com.example.order.deleted" };

  it("keep their own ids, however long, when they come again in other company", () => {
    const long = { ...order, id: "i".repeat(2000) };
    const idsIn = (...batch: object[]) => parseAs(cloudevents, batch, batchType).events.map(({ id }) => id);
    const [first, other, third] = idsIn(order, second, long);
    expect(new Set([first, other, third]).size).toBe(3);
    expect(third?.length).toBeLessThan(100);
    expect(idsIn(long, second)).toEqual([third, other]);
    expect(idsIn(order, order)).toEqual([first]);
  });

  it("become one event each, under one id that is the same for the same events", () => {
    const first = parseAs(cloudevents, [order, second], batchType);
    expect(first.events.map(eventNameOf)).toEqual(["order.created", "order.deleted"]);
    expect(parseAs(cloudevents, [order, second], batchType).deliveryId).toBe(first.deliveryId);
    expect(parseAs(cloudevents, [second, order], batchType).deliveryId).not.toBe(first.deliveryId);
    expect(first.deliveryId).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it("leave out what is no CloudEvent", () => {
    const { events, deliveryId } = parseAs(cloudevents, [{}, second, null, 7], batchType);
    expect(events).toHaveLength(1);
    expect(deliveryId).toBe("/shops/1 A234-1234-1235");
    expect(parseAs(cloudevents, [{}], batchType)).toMatchObject({ events: [], ignored: "unknown_shape" });
    expect(parseAs(cloudevents, order, batchType)).toMatchObject({ events: [], ignored: "unknown_shape" });
  });

  it("may be none", () => {
    expect(parseAs(cloudevents, [], batchType)).toEqual({ deliveryId: undefined, events: [] });
  });
});

describe("CloudEvents in binary mode", () => {
  const attributes = {
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-source": "/s",
    "ce-type": "com.example.order.updated",
    "content-type": "application/json; charset=utf-8",
  };

  it("have their attributes in headers, percent-decoded once", () => {
    const subject = "Euro%20%E2%82%AC%20%F0%9F%98%80%2525";
    expect(parseAs(cloudevents, '{"total":1}', { ...attributes, "ce-subject": subject }).events).toMatchObject([
      { entityType: "order", eventType: "updated", entityId: "Euro € 😀%25", data: { total: 1 } },
    ]);
  });

  it("may quote them, as the binding's older versions had it", () => {
    const { events } = parseAs(cloudevents, "{}", { ...attributes, "ce-subject": String.raw`"a \"b\" c"` });
    expect(events).toMatchObject([{ entityId: 'a "b" c' }]);
  });

  it.each(["%C0%A0", "%E2%82", "100%"])("are none where an attribute is no UTF-8: %s", (id) => {
    expect(parseAs(cloudevents, "{}", { ...attributes, "ce-id": id })).toMatchObject({
      events: [],
      ignored: "unknown_shape",
    });
  });

  it.each([
    ["nothing", "", "application/json", {}],
    ["JSON of a type of its own", '{"a":1}', "application/vnd.example+json", { a: 1 }],
    ["a list", "[1]", "application/json", { data: [1] }],
    ["bytes", Buffer.from([255, 0]), "application/octet-stream", { data_base64: "/wA=" }],
    ["JSON that is none", "{", "application/json", { data_base64: "ew==" }],
  ])("keep a body of %s", (_, body, contentType, data) => {
    const { events } = parseAs(cloudevents, body, { ...attributes, "content-type": contentType });
    expect(events).toMatchObject([{ data }]);
  });

  it("are none without headers", () => {
    expect(parseAs(cloudevents, order, { "content-type": "application/json" })).toMatchObject({
      events: [],
      ignored: "unknown_shape",
    });
  });
});

describe("CloudEvents' set-up steps", () => {
  const steps = (scheme: string) =>
    cloudevents.setupSteps({ webhookUrl: "https://h.example/webhooks/w", scheme, settings: {}, missingSettings: [] });

  it("say how the sender proves itself", () => {
    expect(steps("bearer").join("\n")).toContain("Authorization: Bearer <webhookSecret>");
    expect(steps("standard").join("\n")).toContain("sign as Standard Webhooks");
  });
});
