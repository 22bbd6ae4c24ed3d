import fc from "fast-check";
import { createGoogleProvider } from "../../shared/providers/google";
import { notion } from "../../shared/providers/notion";
import { salesforce } from "../../shared/providers/salesforce";
import { slack } from "../../shared/providers/slack";
import { propertyRuns } from "../support/property-runs";
import { expectSoundParse } from "../support/sound-parse";

/** Parsing under the schemes with bodies of their own: whatever comes, an answer comes back, and events are sound. */
const google = createGoogleProvider({ certificatesUrl: "http://127.0.0.1:1/" });
const runs = propertyRuns(300);

const fieldName = fc.constantFrom(
  ...["events", "SourceObjectDeveloperName", "EventPrompt", "EventUuid", "PayloadCurrentValue", "PayloadPrevValue"],
  ...[
    "EventPublishDateTime",
    "ProfileIdValue",
    "ssot__Id__c",
    "Id",
    "eventCategoryType",
    "timestampUTC",
    "compositeId",
  ],
  ...[
    "composite",
    "jobId",
    "info",
    "messageKey",
    "mid",
    "source",
    "data",
    "object",
    "id",
    "last_edited_time",
    "attempt",
  ],
  ...["event_id", "type", "trigger_id", "team", "view", "hash", "actions", "action_ts", "__proto__", "constructor"],
);
const leaf = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constantFrom("page", "UPDATE", "a.b", "Contact", 1e300, 9007199254740993, "block_actions", '{"Id":"1"}', "[[["),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("tree"), { maxLength: 3 }), fc.dictionary(fieldName, tie("tree"))),
}));
const json = fc.oneof(tree, fc.jsonValue()).map((value) => Buffer.from(JSON.stringify(value)));
const bytes = fc.uint8Array().map((array) => Buffer.from(array));

const data360 = fc.record({
  events: fc.array(fc.record({ SourceObjectDeveloperName: leaf, EventPrompt: leaf, rest: tree })),
});
const ens = fc.array(
  fc.record({ eventCategoryType: fc.constantFrom("A.EmailSent", "B.X", "x"), info: tree, composite: tree }),
);
const automation = fc.record({
  source: tree,
  data: fc.record({ object: fc.constant("page"), id: leaf, properties: tree }),
});

describe("parsing never throws, for", () => {
  const asBody = (values: fc.Arbitrary<unknown>) => values.map((value) => Buffer.from(JSON.stringify(value)));

  it.each([
    ["data360", salesforce, asBody(data360)],
    ["ens", salesforce, asBody(ens)],
    ["outbound-message", salesforce, bytes],
    ["shared-secret", notion, asBody(automation)],
    ["channel", google, bytes],
  ] as const)("the scheme %s", (scheme, provider, bodies) => {
    fc.assert(
      fc.property(fc.oneof(bodies, json, bytes), (body) => {
        expectSoundParse(provider, {}, body, { scheme });
      }),
      runs,
    );
  });

  it("an Outbound Message with whatever stands in it", () => {
    const word = fc.constantFrom("Id", "sObject", "Notification", "OrganizationId", "sf:Id", "sf:Name", "x");
    const text = fc.constantFrom(
      "003",
      "",
      " ",
      "&lt;",
      "<sf:Id>1</sf:Id>",
      "<Id>04l</Id>",
      "<!--x-->",
      "<![CDATA[y]]>",
    );
    const element = fc.tuple(
      word,
      text,
      fc.constantFrom("", ' xsi:type="sf:Contact"', ' xsi:nil="true"', ' xsi:type="?"'),
    );
    const written = element.map(([name, content, attribute]) => `<${name}${attribute}>${content}</${name}>`);
    const namespaces =
      'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:sf="urn:sobject.partner.soap.sforce.com"';
    fc.assert(
      fc.property(fc.array(written), fc.array(written), (fields, rest) => {
        const record = `<Notification><Id>04l</Id><sObject xsi:type="sf:Contact">${fields.join("")}</sObject></Notification>`;
        const message = `<notifications ${namespaces} xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00D</OrganizationId>${record}${rest.join("")}</notifications>`;
        const envelope = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>${message}</e:Body></e:Envelope>`;
        expectSoundParse(salesforce, {}, Buffer.from(envelope), { scheme: "outbound-message" });
      }),
      runs,
    );
  });

  it("Slack's forms, and events seen through any list of our own bots", () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const fields = fc.dictionary(fc.constantFrom("payload", "command", "trigger_id", "team_id", "x"), fc.string());
    const payload = tree.map((value) => ({ payload: JSON.stringify(value) }));
    const retry = fc.stringMatching(/^[!-~]{0,10}$/);
    fc.assert(
      fc.property(fc.oneof(fields, payload), tree, retry, (values, event, number) => {
        expectSoundParse(slack, form, Buffer.from(new URLSearchParams(values).toString()));
        const body = Buffer.from(JSON.stringify({ type: "event_callback", event_id: "Ev1", event }));
        const settings = { ignoreBotIds: ["B1"], ignoreAppIds: [number] };
        expectSoundParse(slack, { "x-slack-retry-num": number }, body, settings);
      }),
      runs,
    );
  });

  it("the headers of a Google channel", () => {
    const value = fc.oneof(fc.stringMatching(/^[!-~]{0,60}$/), fc.constantFrom("exists", "sync", "%zz", "http://x/%"));
    fc.assert(
      fc.property(value, value, value, value, value, (state, resource, uri, number, expiration) => {
        const headers = {
          "x-goog-resource-state": state,
          "x-goog-resource-id": resource,
          "x-goog-resource-uri": uri,
          "x-goog-message-number": number,
          "x-goog-channel-id": number,
          "x-goog-channel-expiration": expiration,
        };
        expectSoundParse(google, headers, Buffer.alloc(0), { scheme: "channel" });
      }),
      runs,
    );
  });

  it("Pub/Sub messages of one's own, by whatever paths", () => {
    const path = fc
      .tuple(fc.constantFrom("json", "attributes"), fc.stringMatching(/^(?:\.[a-c]){1,3}$/))
      .map((parts) => parts.join(""));
    const name = fc.constantFrom("a", "b", "c", "__proto__", "data", "message");
    const { held } = fc.letrec((tie) => ({
      held: fc.oneof({ maxDepth: 4 }, leaf, fc.constant("order.created"), fc.dictionary(name, tie("held"))),
    }));
    fc.assert(
      fc.property(path, path, path, held, held, (typePath, entityPath, timePath, data, attributes) => {
        const settings = { typePath, entityPath, timePath, actionPath: timePath };
        const content = Buffer.from(JSON.stringify(data ?? null));
        const message = { messageId: "1", data: content.toString("base64"), attributes };
        expectSoundParse(google, {}, Buffer.from(JSON.stringify({ message })), settings);
        expectSoundParse(google, { a: "order.created", b: "1" }, content, settings);
      }),
      runs,
    );
  });
});
