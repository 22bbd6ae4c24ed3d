import type { VerificationSettings } from "../../shared/core/registration";
import { eventNameOf } from "../../shared/core/webhook-event";
import { createGoogleProvider } from "../../shared/providers/google";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { contractNow } from "../contracts/provider";
import { trusted } from "../support/parse";
import { openTestApp } from "../support/test-app";

const google = createGoogleProvider({ certificatesUrl: "http://127.0.0.1:1/" });
const settings: VerificationSettings = { typePath: "attributes.type", entityPath: "json.order.id" };
const order = { order: { id: "A-1843", total: 18.43 }, at: 1_795_510_800 };

const encoded = (json: unknown) => Buffer.from(JSON.stringify(json)).toString("base64");
const push = (data: unknown, attributes: object = {}) => ({
  message: { messageId: "7", publishTime: "2026-11-24T08:59:58Z", data: encoded(data), attributes },
  subscription: "projects/p/subscriptions/s",
});
const parse = (body: unknown, verification = settings, headers: Record<string, string> = {}) =>
  google.parse(trusted(body, headers), contractNow, { scheme: "native", ...verification });
const namesOf = (...given: Parameters<typeof parse>) =>
  parse(...given).events.map((event) => `${eventNameOf(event)} ${event.entityId}`);

describe("a Pub/Sub message of one's own", () => {
  it("tells its type in an attribute and its id in the data, and the record is what holds the id", () => {
    expect(parse(push(order, { type: "order.created" }))).toEqual({
      deliveryId: "7",
      events: [
        {
          entityType: "order",
          eventType: "created",
          entityId: "A-1843",
          nativeType: "order.created",
          nativeAction: undefined,
          occurredAt: "2026-11-24T08:59:58.000Z",
          version: { kind: "time", value: Date.UTC(2026, 10, 24, 8, 59, 58) },
          scope: "projects/p/subscriptions/s",
          completeness: "partial",
          data: { id: "A-1843", total: 18.43 },
        },
      ],
    });
  });

  it.each<[string, VerificationSettings, unknown, object, string]>([
    [
      "all of it in the data",
      { typePath: "json.kind", entityPath: "json.id" },
      { kind: "a.deleted", id: 7 },
      {},
      "a.deleted 7",
    ],
    [
      "the action by itself",
      { ...settings, actionPath: "json.what" },
      { ...order, what: "updated" },
      { type: "order" },
      "order.updated A-1843",
    ],
    [
      "words of the sender's",
      { ...settings, createdWords: ["placed"] },
      order,
      { type: "order.placed" },
      "order.created A-1843",
    ],
    ["a word that nobody knows", settings, order, { type: "order.shipped" }, "order.occurred A-1843"],
    [
      "a CloudEvent of another source",
      { ...settings, typePath: "attributes.ce-type" },
      order,
      { "ce-type": "order.updated", "ce-id": "1", "ce-source": "/s" },
      "order.updated A-1843",
    ],
  ])("may tell %s", (_, verification, data, attributes, expected) => {
    expect(namesOf(push(data, attributes), verification)).toEqual([expected]);
  });

  it("may tell its id in an attribute, and then its record is the whole of its data", () => {
    const byAttribute = { ...settings, entityPath: "attributes.orderId" };
    const [event] = parse(push(order, { type: "order.updated", orderId: "A-1843" }), byAttribute).events;
    expect(event).toMatchObject({ entityId: "A-1843", completeness: "partial", data: order });
    const bare = parse(
      { message: { messageId: "7", attributes: { type: "order.deleted", orderId: "A-1843" } } },
      byAttribute,
    );
    expect(bare.events).toMatchObject([{ eventType: "deleted", data: { orderId: "A-1843" } }]);
  });

  it("may tell the time of the change, which counts before that of publishing", () => {
    const timed = { ...settings, timePath: "json.at" };
    const occurredAt = new Date(order.at * 1000).toISOString();
    expect(parse(push(order, { type: "order.created" }), timed).events).toMatchObject([{ occurredAt }]);
  });

  it("is read unwrapped, too, where its attributes are headers", () => {
    const headers = { "x-goog-pubsub-message-id": "8", type: "order.created" };
    expect(parse(order, settings, headers)).toMatchObject({ deliveryId: "8" });
    expect(namesOf(order, settings, headers)).toEqual(["order.created A-1843"]);
  });

  it.each([
    ["without paths", {}, push(order, { type: "order.created" })],
    ["without its attribute", settings, push(order)],
    ["with another kind of data", settings, push([order], { type: "order.created" })],
    [
      "with no JSON at all",
      settings,
      { message: { messageId: "7", data: "/////w==", attributes: { type: "a.created" } } },
    ],
    ["with an id beyond 2^53", settings, push({ order: { id: 2 ** 53 } }, { type: "order.created" })],
    ["with a type that names no entity", settings, push(order, { type: "..." })],
  ])("%s is an event of the message itself", (_, verification, body) => {
    expect(namesOf(body, verification)).toEqual(["pubsub_message.occurred 7"]);
  });

  it("is never one of those that Google's own sources send", () => {
    const gmail = { emailAddress: "ada@example.com", historyId: 1, order: { id: "1" } };
    expect(namesOf(push(gmail, { type: "order.created" }))).toEqual(["mailbox.updated ada@example.com"]);
    const chat = { "ce-type": "google.workspace.chat.message.v1.created", "ce-id": "1", "ce-source": "//s" };
    const message = { message: { name: "spaces/S/messages/M" }, ...order };
    expect(namesOf(push(message, { ...chat, type: "order.created" }))).toEqual(["message.created spaces/S/messages/M"]);
  });
});

describe("the paths of messages of one's own", () => {
  it("are needed both, as soon as anything of them is set", () => {
    const pathsOf = (verification: VerificationSettings) =>
      google.settingsProblems?.(verification).map(({ path }) => path);
    expect(pathsOf({ audience: "a", serviceAccountEmail: "b@c" })).toEqual([]);
    expect(pathsOf(settings)).toEqual([]);
    expect(pathsOf({ typePath: "json.type" })).toEqual(["/verification/entityPath"]);
    expect(pathsOf({ createdWords: ["new"] })).toEqual(["/verification/typePath", "/verification/entityPath"]);
  });

  it("are held against that when a webhook is changed", async () => {
    const app = await openTestApp();
    const { registrationId } = await app.register({ integrationId: "google" });
    const change = (verification: VerificationSettings) =>
      updateWebhook(app.services, { tenantId: "tenant-123", registrationId }, { verification });
    await expect(change({ typePath: "json.type" })).rejects.toMatchObject({ code: "invalid_request" });
    await expect(change(settings)).resolves.toMatchObject({ verification: settings });
    await app.close();
  });
});
