import fc from "fast-check";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Provider } from "../../shared/core/provider";
import { DeliveryRefused } from "../../shared/core/refusal";
import { eventTypes } from "../../shared/core/webhook-event";
import { github } from "../../shared/providers/github";
import { githubEvents } from "../../shared/providers/github-events";
import { slack } from "../../shared/providers/slack";
import { slackEvents } from "../../shared/providers/slack-events";
import { trust } from "../../shared/providers/trust";
import { contractNow } from "../contracts/provider";

const runs = { numRuns: 200 };
const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const headerText = fc.stringMatching(/^[!-~]{0,80}$/);
const contentType = fc.constantFrom("application/json", "application/x-www-form-urlencoded", "text/plain", "");

const githubName = fc.constantFrom(...githubEvents.keys(), "push", "create", "delete", "gollum", "ping", "brand_new");
const slackType = fc.constantFrom(...[...slackEvents.keys()].map((name) => name.replace(/\..*/, "")), "emoji_changed");

/** Field names that the parsers look for, so that arbitrary values turn up where they are read. */
const fieldName = fc.constantFrom(
  ...["id", "number", "node_id", "action", "ref", "ref_type", "pages", "page_name", "alert", "issue", "repository"],
  ...["sender", "head_commit", "pushed_at", "updated_at", "created_at", "completed_at", "starred_at", "comment"],
  ...["type", "subtype", "channel", "ts", "user", "item", "message", "file", "names", "tokens", "event_ts", "team_ids"],
  ...["__proto__", "constructor"],
);
const leaf = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.double(),
  fc.integer(),
  fc.constantFrom("1.5", "created", 1e300),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("tree"), { maxLength: 3 }), fc.dictionary(fieldName, tie("tree"))),
}));
const shapes = fc.dictionary(fieldName, tree, { maxKeys: 20 });

/** Parsing must come back, and whatever it finds must be fit for the queue. */
function expectSoundParse(provider: Provider, headers: Record<string, string>, body: Buffer): void {
  const { events } = provider.parse(trust(new DeliveryRequest(new Headers(headers), body)), contractNow);
  for (const event of events) {
    expect(event.entityId).not.toBe("");
    expect(event.entityType).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(eventTypes).toContain(event.eventType);
    if (event.version) expect(Number.isFinite(event.version.value)).toBe(true);
    if (event.occurredAt !== undefined) expect(new Date(event.occurredAt).toISOString()).toBe(event.occurredAt);
  }
}

describe("parsing never throws", () => {
  it("whatever bytes GitHub's body and headers hold", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.oneof(githubName, headerText), contentType, (bytes, name, type) => {
        expectSoundParse(github, { "x-github-event": name, "content-type": type }, Buffer.from(bytes));
      }),
      runs,
    );
  });

  it("whatever JSON GitHub's body holds", () => {
    fc.assert(
      fc.property(fc.oneof(shapes, fc.jsonValue()), githubName, (body, name) => {
        const whole = name === "brand_new" ? body : { [githubEvents.get(name)?.object ?? "x"]: body, ...Object(body) };
        expectSoundParse(github, { "x-github-event": name }, Buffer.from(JSON.stringify(whole)));
      }),
      runs,
    );
  });

  it("whatever bytes Slack's body holds", () => {
    fc.assert(
      fc.property(fc.uint8Array(), contentType, (bytes, type) => {
        expectSoundParse(slack, { "content-type": type }, Buffer.from(bytes));
      }),
      runs,
    );
  });

  it("whatever JSON Slack's event holds", () => {
    fc.assert(
      fc.property(fc.oneof(shapes, fc.jsonValue()), slackType, tree, (fields, type, time) => {
        const event = { ...Object(fields), type };
        const body = { type: "event_callback", team_id: "T1", event_id: "Ev1", event_time: time, event };
        expectSoundParse(slack, {}, Buffer.from(JSON.stringify(body)));
      }),
      runs,
    );
  });
});

describe("verification never takes a signature that the secret did not make", () => {
  const now = String(contractNow / 1000);
  const attempts: [Provider, (signature: string) => Record<string, string>, prefix: string][] = [
    [github, (signature) => ({ "x-hub-signature-256": signature }), "sha256="],
    [slack, (signature) => ({ "x-slack-signature": signature, "x-slack-request-timestamp": now }), "v0="],
  ];

  it.each(attempts)("of $displayName", (provider, headersFor, prefix) => {
    const signature = fc.oneof(
      hex.map((digits) => prefix + digits),
      headerText,
      headerText.map((text) => prefix + text),
    );
    fc.assert(
      fc.property(signature, fc.uint8Array(), fc.constantFrom(...provider.schemes), (value, bytes, scheme) => {
        const request = new DeliveryRequest(new Headers(headersFor(value)), Buffer.from(bytes));
        const proof = { scheme, secrets: ["whsec_x"], settings: { scheme }, toleranceSeconds: 300, now: contractNow };
        expect(() => provider.verify(request, proof)).toThrow(DeliveryRefused);
      }),
      runs,
    );
  });
});
