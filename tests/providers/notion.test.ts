import { createHmac } from "node:crypto";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import { notion } from "../../shared/providers/notion";
import { trust } from "../../shared/providers/trust";
import { contractNow, describeScheme } from "../contracts/provider";
import { parseAs } from "../support/parse";

const timestamp = new Date(contractNow - 1000).toISOString();
const event = (overrides: object = {}) => ({
  id: "367cba44-b6f3-4c92-81e7-6a2e9659efd4",
  timestamp,
  workspace_id: "13950b26-c203-4f3b-b97d-93ec06319565",
  workspace_name: "Quantify Labs",
  subscription_id: "29d75c0d-5546-4414-8459-7b7a92f1fc4b",
  type: "page.content_updated",
  authors: [{ id: "c7c11cca-1d73-471d-9b6e-bdef51470190", type: "person" }],
  attempt_number: 1,
  entity: { id: "1782edd6-a853-4d4a-b02c-9c8c16f28e53", type: "page" },
  data: { parent: { id: "13950b26-c203-4f3b-b97d-93ec06319565", type: "space" } },
  ...overrides,
});
const body = Buffer.from(JSON.stringify(event()));
const hmac = (secret: string, text: string | Buffer) => createHmac("sha256", secret).update(text).digest("hex");
const flip = (value: string) => value.replace(/.$/, (last) => (last === "0" ? "1" : "0"));

describe("Notion, native scheme", () => {
  describeScheme({
    provider: notion,
    scheme: "native",
    body,
    headers: (bytes, secret) => ({ "x-notion-signature": `sha256=${hmac(secret, bytes)}` }),
    proofHeader: "x-notion-signature",
    corruptProof: flip,
  });

  it("lets an unsigned timestamp header count for nothing", async () => {
    const headers = { "x-notion-signature": `sha256=${hmac("s", body)}`, "x-notion-request-timestamp": "1" };
    const proof = { scheme: "native", secrets: ["s"], settings: {}, toleranceSeconds: 300, now: contractNow };
    await expect(
      Promise.resolve(notion.verify(new DeliveryRequest(new Headers(headers), body), proof)),
    ).resolves.toBeDefined();
  });

  it("acknowledges a body older than all of Notion's attempts without taking events from it", () => {
    const old = new Date(contractNow - 26 * 3_600_000).toISOString();
    expect(parseAs(notion, event({ timestamp: old }))).toMatchObject({ events: [], ignored: "stale_body" });
    const lastAttempt = new Date(contractNow - 24 * 3_600_000).toISOString();
    expect(parseAs(notion, event({ timestamp: lastAttempt })).events).toHaveLength(1);
  });
});

describe("Notion, the seed's scheme", () => {
  describeScheme({
    provider: notion,
    scheme: "seed",
    body,
    headers: (bytes, secret, now) => {
      const seconds = String(Math.floor(now / 1000));
      const signature = hmac(secret, Buffer.concat([Buffer.from(`${seconds}.`), bytes]));
      return { "x-notion-signature": `sha256=${signature}`, "x-notion-request-timestamp": seconds };
    },
    proofHeader: "x-notion-signature",
    timestampHeader: "x-notion-request-timestamp",
    corruptProof: flip,
  });

  it("does not fall back to the body alone when its timestamp is missing", () => {
    const headers = new Headers({ "x-notion-signature": `sha256=${hmac("s", body)}` });
    const proof = { scheme: "seed", secrets: ["s"], settings: {}, toleranceSeconds: 300, now: contractNow };
    expect(() => notion.verify(new DeliveryRequest(headers, body), proof)).toThrow("timestamp_missing");
  });
});

describe("what Notion sends", () => {
  // The 31 types of Notion's own SDK, August 2026.
  it.each([
    ["page.created", "page", "created"],
    ["page.content_updated", "page", "updated"],
    ["page.properties_updated", "page", "updated"],
    ["page.moved", "page", "updated"],
    ["page.locked", "page", "updated"],
    ["page.unlocked", "page", "updated"],
    ["page.transcription_block.transcript_deleted", "page", "updated"],
    ["page.deleted", "page", "deleted"],
    ["page.undeleted", "page", "restored"],
    ["database.created", "database", "created"],
    ["database.content_updated", "database", "updated"],
    ["database.schema_updated", "database", "updated"],
    ["database.moved", "database", "updated"],
    ["database.deleted", "database", "deleted"],
    ["database.undeleted", "database", "restored"],
    ["data_source.created", "data_source", "created"],
    ["data_source.content_updated", "data_source", "updated"],
    ["data_source.schema_updated", "data_source", "updated"],
    ["data_source.moved", "data_source", "updated"],
    ["data_source.deleted", "data_source", "deleted"],
    ["data_source.undeleted", "data_source", "restored"],
    ["comment.created", "comment", "created"],
    ["comment.updated", "comment", "updated"],
    ["comment.deleted", "comment", "deleted"],
    ["view.created", "view", "created"],
    ["view.updated", "view", "updated"],
    ["view.deleted", "view", "deleted"],
    ["file_upload.created", "file_upload", "created"],
    ["file_upload.completed", "file_upload", "updated"],
    ["file_upload.expired", "file_upload", "updated"],
    ["file_upload.upload_failed", "file_upload", "updated"],
  ])("%s is a %s that was %s", (type, entityType, eventType) => {
    const parsed = parseAs(notion, event({ type }));
    expect(parsed.deliveryId).toBe("367cba44-b6f3-4c92-81e7-6a2e9659efd4");
    expect(parsed.events).toMatchObject([
      {
        entityType,
        eventType,
        entityId: "1782edd6-a853-4d4a-b02c-9c8c16f28e53",
        nativeType: type,
        occurredAt: timestamp,
      },
    ]);
  });

  it("takes a type it has never seen for an update", () => {
    expect(parseAs(notion, event({ type: "robot.awakened" })).events).toMatchObject([
      { entityType: "robot", eventType: "updated" },
    ]);
  });

  it("takes the entity from the type, also where a linked database calls itself a block", () => {
    const linked = event({ type: "database.moved", entity: { id: "x", type: "block" } });
    expect(parseAs(notion, linked).events).toMatchObject([{ entityType: "database", entityId: "x" }]);
  });

  it("takes ids with and without dashes for the same", () => {
    const undashed = event({ entity: { id: "1782EDD6A8534D4AB02C9C8C16F28E53", type: "page" } });
    expect(parseAs(notion, undashed).events[0]?.entityId).toBe("1782edd6-a853-4d4a-b02c-9c8c16f28e53");
  });

  it("does without an id, a time, a workspace and a second word in the type", () => {
    const parsed = parseAs(notion, { type: "page", entity: { id: "x" } });
    expect(parsed).toMatchObject({ events: [{ entityType: "page", eventType: "updated", nativeType: "page" }] });
    expect(parsed.deliveryId).toBeUndefined();
    expect(parsed.events[0]?.scope).toBeUndefined();
    expect(parsed.events[0]?.nativeAction).toBeUndefined();
  });

  it("notes which attempt it is", () => {
    expect(parseAs(notion, event({ attempt_number: 3 })).attempt).toEqual({ number: 2 });
    expect(parseAs(notion, event()).attempt).toBeUndefined();
  });

  it("keeps the people of an event out of what is stored", () => {
    expect(JSON.stringify(parseAs(notion, event()).events)).not.toContain("c7c11cca-1d73-471d-9b6e-bdef51470190");
  });

  it.each([
    [{}],
    [[]],
    ["text"],
    [null],
    [{ type: "page.created" }],
    [{ ...event(), type: ".x" }],
    [{ ...event(), type: "page." }],
    [{ ...event(), type: "pa ge.created" }],
    [{ ...event(), entity: 7 }],
  ])("finds nothing in %j", (shape) => {
    expect(parseAs(notion, shape)).toMatchObject({ events: [], ignored: "unknown_shape" });
  });
});

describe("Notion's handshake", () => {
  const token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
  const open = (content: object, headers: Record<string, string> = {}) =>
    notion.openHandshake?.(new DeliveryRequest(new Headers(headers), Buffer.from(JSON.stringify(content))));

  it("offers the token, unsigned or signed with that very token", () => {
    const content = { verification_token: token };
    expect(open(content)).toMatchObject({ candidateSecret: token, reply: { status: 200 } });
    const signature = `sha256=${hmac(token, JSON.stringify(content))}`;
    expect(open(content, { "x-notion-signature": signature })).toMatchObject({ candidateSecret: token });
  });

  it("offers nothing where a signature is there and is another's", () => {
    expect(open({ verification_token: token }, { "x-notion-signature": `sha256=${hmac("x", "y")}` })).toBeUndefined();
  });

  it.each([
    [{}],
    [{ verification_token: 7 }],
    [{ verification_token: "" }],
    [{ verification_token: "x".repeat(257) }],
    [{ verification_token: token, type: "page.created" }],
  ])("is not %j", (content) => {
    expect(open(content)).toBeUndefined();
  });

  it("ends a verified delivery too, and is no event", () => {
    const request = new DeliveryRequest(new Headers(), Buffer.from(JSON.stringify({ verification_token: token })));
    expect(notion.handshake?.(trust(request))).toMatchObject({ status: 200 });
    expect(notion.handshake?.(trust(new DeliveryRequest(new Headers(), body)))).toBeUndefined();
  });
});
