import { DeliveryRequest } from "../../shared/core/delivery-request";
import { eventNameOf } from "../../shared/core/webhook-event";
import { graph } from "../../shared/providers/graph";
import { contractNow, describeScheme } from "../contracts/provider";
import { parseAs } from "../support/parse";

const userId = "df58aa39-2b68-4eb8-a8c0-9d3a9e1b2f21";
const tenantId = "84bd8158-6d4d-4958-8b9f-9d6445542f95";

/** The notification of Microsoft's own example, "Change notification example". */
const notification = (differences: object = {}) => ({
  id: "lsgTZMr9KwAAA",
  subscriptionId: "8c9ba5cc-1b2c-4b7b-9d1e-8a40fd1b7a3a",
  subscriptionExpirationDateTime: "2026-11-26T22:11:09.952Z",
  clientState: "secretClientValue",
  changeType: "created",
  resource: `users/${userId}@${tenantId}/messages/AAMkAGVm`,
  tenantId,
  resourceData: {
    "@odata.type": "#Microsoft.Graph.Message",
    "@odata.id": `Users/${userId}@${tenantId}/Messages/AAMkAGVm`,
    "@odata.etag": 'W/"CQAAABYAAADkrWGo7bouTKlsgTZMr9KwAAAUWRHf"',
    id: "AAMkAGVm",
  },
  ...differences,
});
const collection = (...value: unknown[]) => ({ value });

describe("Microsoft Graph's clientState", () => {
  const bodyWith = (clientState: string) =>
    Buffer.from(JSON.stringify(collection(notification({ clientState }), notification({ clientState, id: "2" }))));
  describeScheme({
    provider: graph,
    scheme: "native",
    body: bodyWith(""),
    bodyWith,
    headers: () => ({ "content-type": "application/json" }),
    encoding: "none",
    mismatch: "secret_mismatch",
    coversBody: false,
  });

  const verify = (body: unknown, secrets = ["secretClientValue"]) => {
    const request = new DeliveryRequest(
      new Headers(),
      Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
    );
    return graph.verify(request, { scheme: "native", secrets, settings: {}, toleranceSeconds: 300, now: contractNow });
  };

  it("has to be right in every single notification", () => {
    const foreign = notification({ clientState: "another" });
    expect(() => verify(collection(notification(), foreign))).toThrow("secret_mismatch");
    expect(() => verify(collection(foreign, notification()))).toThrow("secret_mismatch");
    expect(() => verify(collection(notification(), notification({ clientState: undefined })))).toThrow(
      "client_state_missing",
    );
  });

  it("may be the older of two secrets in some of them", () => {
    const mixed = collection(notification(), notification({ clientState: "older" }));
    expect(verify(mixed, ["secretClientValue", "older"])).toBeInstanceOf(DeliveryRequest);
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["{}", {}],
    ["an empty list", collection()],
    ["an object for the list", { value: { clientState: "secretClientValue" } }],
    ["a list without objects", collection(null, 7, "secretClientValue")],
    [
      "another case of the field",
      collection(notification({ clientState: undefined, ClientState: "secretClientValue" })),
    ],
    ["a list as clientState", collection(notification({ clientState: ["secretClientValue"] }))],
    ["a clientState beside the list", { clientState: "secretClientValue", value: [{}] }],
  ])("is missing in %s", (_, body) => {
    expect(() => verify(body)).toThrow("client_state_missing");
  });

  it("has at most 128 characters", () => {
    expect(graph.secretProblem?.("x".repeat(128), {})).toBeUndefined();
    expect(graph.secretProblem?.("x".repeat(129), {})).toContain("128");
  });
});

describe("Microsoft Graph's notifications", () => {
  it("become hints, without the credential in them", () => {
    expect(parseAs(graph, collection(notification({ encryptedContent: { data: "x" } })))).toEqual({
      deliveryId: "lsgTZMr9KwAAA",
      events: [
        {
          id: "lsgTZMr9KwAAA",
          entityType: "message",
          eventType: "created",
          entityId: "AAMkAGVm",
          nativeType: "message.created",
          scope: tenantId,
          idScope: tenantId,
          completeness: "hint",
          data: {
            subscriptionId: "8c9ba5cc-1b2c-4b7b-9d1e-8a40fd1b7a3a",
            subscriptionExpirationDateTime: "2026-11-26T22:11:09.952Z",
            changeType: "created",
            resource: `users/${userId}@${tenantId}/messages/AAMkAGVm`,
            resourceData: notification().resourceData,
          },
        },
      ],
    });
  });

  it.each([
    [{ changeType: "updated" }, "message.updated", "AAMkAGVm"],
    [{ changeType: "deleted" }, "message.deleted", "AAMkAGVm"],
    [{ changeType: "moved" }, "message.occurred", "AAMkAGVm"],
    [{ resourceData: null }, "message.created", "AAMkAGVm"],
    [{ resourceData: { "@odata.type": "#microsoft.graph.driveItem", id: "1" } }, "drive_item.created", "1"],
    [{ resourceData: {}, resource: "chats('19:a@thread.v2')/messages('1612')" }, "message.created", "1612"],
    [{ resourceData: {}, resource: "communications/presences/u1" }, "presence.created", "u1"],
    [{ resourceData: {}, resource: "/me/contacts/c1/" }, "contact.created", "c1"],
  ])("with %j are %s of %s", (differences, eventName, entityId) => {
    const { events } = parseAs(graph, collection(notification(differences)));
    expect(events.map(eventNameOf)).toEqual([eventName]);
    expect(events).toMatchObject([{ entityId }]);
  });

  it.each([
    ["reauthorizationRequired", "subscription.occurred", undefined],
    ["subscriptionRemoved", "subscription.deleted", undefined],
    ["missed", "subscription.occurred", true],
    ["somethingNew", "subscription.occurred", undefined],
  ])("about the subscription itself: %s is %s", (lifecycleEvent, eventName, gap) => {
    const { events } = parseAs(graph, collection(notification({ lifecycleEvent, changeType: undefined })));
    expect(events.map(eventNameOf)).toEqual([eventName]);
    expect(events[0]).toMatchObject({
      entityId: "8c9ba5cc-1b2c-4b7b-9d1e-8a40fd1b7a3a",
      nativeType: `subscription.${lifecycleEvent}`,
      nativeAction: lifecycleEvent,
    });
    expect(events[0]?.gap).toBe(gap);
  });

  it("of one delivery share an id made of theirs, or have none", () => {
    const two = collection(notification(), notification({ id: "2" }));
    expect(parseAs(graph, two).events).toHaveLength(2);
    expect(parseAs(graph, two).deliveryId).toMatch(/^sha256:/);
    expect(parseAs(graph, collection(notification({ id: undefined }))).deliveryId).toBeUndefined();
  });

  it.each([
    ["{}", {}],
    ["a list", []],
    ["notifications that are none", collection(null, 7, [], {})],
    ["a resource that names nothing", collection(notification({ resource: "", resourceData: {} }))],
    ["a resource that is no text", collection(notification({ resource: 7, resourceData: [] }))],
    ["no change", collection(notification({ changeType: 7 }))],
    ["a change that is no word", collection(notification({ changeType: "a b" }))],
    ["a lifecycle event of nothing", collection(notification({ lifecycleEvent: "missed", subscriptionId: 1.5 }))],
  ])("are none in %s", (_, body) => {
    expect(parseAs(graph, body)).toMatchObject({ events: [], ignored: "unknown_shape" });
  });
});

describe("Microsoft Graph's check of the URL", () => {
  const check = (query: string, body = "") => {
    const url = `https://hooks.example.com/webhooks/webhook-1${query}`;
    return graph.answerProbe?.(new DeliveryRequest(new Headers(), Buffer.from(body), () => url));
  };
  const encoded = "Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+1f5b";

  it("is answered with the decoded token, as text that no browser takes for anything else", () => {
    expect(check(`?validationToken=${encoded}`)).toEqual({
      status: 200,
      headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
      body: "Validation: Testing client application reachability for subscription Request-Id: 1f5b",
    });
  });

  it.each([
    ["no query", ""],
    ["another parameter", "?token=abc"],
    ["an empty token", "?validationToken="],
    ["a token longer than any", `?validationToken=${"a".repeat(1025)}`],
    ["markup", "?validationToken=%3Cscript%3E"],
    ["a quote", "?validationToken=%22"],
    ["a line break", "?validationToken=a%0d%0ab"],
    ["bytes that are no text", "?validationToken=%00"],
  ])("is not answered for %s", (_, query) => {
    expect(check(query)).toBeUndefined();
  });

  it("is not answered where there is a body: that is no check", () => {
    expect(check(`?validationToken=${encoded}`, "{}")).toBeUndefined();
  });
});

describe("Microsoft Graph's set-up steps", () => {
  it("give the request that creates a subscription", () => {
    const context = { webhookUrl: "https://h.example/webhooks/w", scheme: "native", settings: {}, missingSettings: [] };
    expect(graph.setupSteps(context).join("\n")).toContain('"notificationUrl":"https://h.example/webhooks/w"');
  });
});
