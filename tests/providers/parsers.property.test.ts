import fc from "fast-check";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Provider } from "../../shared/core/provider";
import { DeliveryRefused } from "../../shared/core/refusal";
import { github } from "../../shared/providers/github";
import { githubEvents } from "../../shared/providers/github-events";
import { createGoogleProvider } from "../../shared/providers/google";
import { notion } from "../../shared/providers/notion";
import { salesforce } from "../../shared/providers/salesforce";
import { slack } from "../../shared/providers/slack";
import { slackEvents } from "../../shared/providers/slack-events";
import { contractNow } from "../contracts/provider";
import { propertyRuns } from "../support/property-runs";
import { expectSoundParse } from "../support/sound-parse";

const google = createGoogleProvider({ certificatesUrl: "http://127.0.0.1:1/" });
const runs = propertyRuns(200);
const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const headerText = fc.stringMatching(/^[!-~]{0,80}$/);
const contentType = fc.constantFrom("application/json", "application/x-www-form-urlencoded", "text/plain", "");

const githubName = fc.constantFrom(...githubEvents.keys(), "push", "create", "delete", "gollum", "ping", "brand_new");
const slackType = fc.constantFrom(...[...slackEvents.keys()].map((name) => name.replace(/\..*/, "")), "emoji_changed");

const notionType = fc.constantFrom(
  "page.created",
  "database.schema_updated",
  "data_source.moved",
  "comment.deleted",
  "brand.new",
);
const changeType = fc.constantFrom(
  "CREATE",
  "UPDATE",
  "DELETE",
  "UNDELETE",
  "GAP_UPDATE",
  "GAP_OVERFLOW",
  "SNAPSHOT",
  "NEW",
);
const workspaceType = fc.constantFrom(
  ...["google.workspace.chat.message.v1.created", "google.workspace.chat.message.v1.batchCreated"],
  ...["google.workspace.drive.file.v3.trashed", "google.workspace.meet.recording.v2.fileGenerated", "brand.new"],
);

/** Field names that the parsers look for, so that arbitrary values turn up where they are read. */
const fieldName = fc.constantFrom(
  ...["id", "number", "node_id", "action", "ref", "ref_type", "pages", "page_name", "alert", "issue", "repository"],
  ...["sender", "head_commit", "pushed_at", "updated_at", "created_at", "completed_at", "starred_at", "comment"],
  ...["type", "subtype", "channel", "ts", "user", "item", "message", "file", "names", "tokens", "event_ts", "team_ids"],
  ...["sobject", "fields", "Id", "name", "payload", "data", "detail", "event", "schemaId", "replayId", "EventUuid"],
  ...["recordIds", "changedFields", "nulledFields", "diffFields", "entityName", "commitTimestamp", "transactionKey"],
  ...["entity", "timestamp", "workspace_id", "parent", "subscription", "attributes", "messageId", "publishTime"],
  ...["emailAddress", "historyId", "messages", "eventType", "objectId", "bucketId"],
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

describe("parsing never throws, for", () => {
  const whole: [string, Provider, fc.Arbitrary<object>][] = [
    ["the seed's Salesforce JSON", salesforce, fc.record({ action: tree, sobject: tree })],
    [
      "change data capture",
      salesforce,
      fc.record({ changeType, entityName: fc.constant("Account"), rest: tree, payload: shapes }).map((change) => ({
        payload: { ...change.payload, ChangeEventHeader: { ...Object(change.rest), ...change } },
      })),
    ],
    [
      "platform events",
      salesforce,
      fc.record({ channel: fc.constant("/event/A__e"), data: fc.record({ payload: shapes }) }),
    ],
    ["Notion's events", notion, fc.tuple(shapes, notionType).map(([body, type]) => ({ id: "e", ...body, type }))],
    [
      "Workspace events",
      google,
      fc.tuple(tree, workspaceType, tree).map(([data, type, time]) => ({
        message: {
          messageId: "1",
          data: Buffer.from(JSON.stringify(data ?? null)).toString("base64"),
          attributes: { "ce-type": type, "ce-id": "1", "ce-source": "//s", "ce-time": time },
        },
      })),
    ],
    [
      "Pub/Sub messages",
      google,
      fc.tuple(shapes, tree).map(([message, data]) => ({
        message: { messageId: "1", ...message, data: Buffer.from(JSON.stringify(data ?? null)).toString("base64") },
      })),
    ],
  ];

  it.each(whole)("%s", (_, provider, bodies) => {
    fc.assert(
      fc.property(bodies, (body) => {
        expectSoundParse(provider, {}, Buffer.from(JSON.stringify(body)));
      }),
      runs,
    );
  });

  it.each([salesforce, notion, google])("any JSON and any bytes as $displayName's", (provider) => {
    const bytes = fc.oneof(
      fc.uint8Array().map((array) => Buffer.from(array)),
      fc.oneof(shapes, fc.jsonValue()).map((json) => Buffer.from(JSON.stringify(json))),
    );
    fc.assert(
      fc.property(bytes, (body) => {
        expectSoundParse(provider, {}, body);
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
    [
      salesforce,
      (signature) => ({ "x-salesforce-event-signature": signature, "x-salesforce-event-timestamp": now }),
      "sha256=",
    ],
    [notion, (signature) => ({ "x-notion-signature": signature, "x-notion-request-timestamp": now }), "sha256="],
  ];

  it.each(attempts.map((attempt) => [attempt[0].displayName, ...attempt] as const))(
    "of %s",
    (_, provider, headersFor, prefix) => {
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
    },
  );
});
