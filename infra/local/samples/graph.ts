import { randomUUID } from "node:crypto";
import { parseJson } from "../../../shared/core/delivery-request";
import { at, objectsIn } from "../../../shared/core/json";
import { type Content, jsonContent, type SampleProvider } from "./sample";

const TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95";
const MESSAGE = "Users/ddfcd489-628b-40d7-b48b-57002df800e5/Messages/AAMkAGUwNjQ4ZjIx";

/**
 * Notifications about one mail, one about the subscription itself, and the check of the URL before one is created
 * (learn.microsoft.com/graph/change-notifications-delivery-webhooks). Nothing is signed: the secret stands in each of them.
 */
export const graphSamples: SampleProvider = {
  integrationId: "graph",
  schemes: ["native"],
  events: new Map([
    ["created", () => notification({ changeType: "created", ...message })],
    ["updated", () => notification({ changeType: "updated", ...message })],
    ["deleted", () => notification({ changeType: "deleted", ...message })],
    ["missed", () => notification({ lifecycleEvent: "missed" })],
    ["validation", validation],
  ]),
  sign: ({ body, isHandshake }, { secret }) => (isHandshake ? {} : { body: withClientState(body, secret) }),
};

const message = {
  resource: MESSAGE,
  resourceData: {
    "@odata.type": "#Microsoft.Graph.Message",
    "@odata.id": MESSAGE,
    id: MESSAGE.split("/").at(-1),
  },
};

function notification(about: object): Content {
  const value = {
    id: randomUUID(),
    subscriptionId: "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
    subscriptionExpirationDateTime: new Date(Date.now() + 86_400_000).toISOString(),
    tenantId: TENANT,
    ...about,
  };
  return jsonContent({ value: [value] });
}

/** A body of one's own gets the secret in each of its notifications, too. */
function withClientState(body: Buffer, clientState: string): Buffer {
  const notifications = objectsIn(at(parseJson(body.toString("utf8")), "value"));
  return Buffer.from(JSON.stringify({ value: notifications.map((value) => ({ ...value, clientState })) }));
}

function validation(): Content {
  const query = `?validationToken=${encodeURIComponent(`Validation: Testing client ${randomUUID()}`)}`;
  return { body: Buffer.alloc(0), headers: { "content-type": "text/plain; charset=utf-8" }, query, isHandshake: true };
}
