import { eventNameOf } from "../../shared/core/webhook-event";
import { createGoogleProvider } from "../../shared/providers/google";
import { parseAs } from "../support/parse";

/** Every event that Google documents for the sources that publish to Pub/Sub, and what we make of it. */
const google = createGoogleProvider({ certificatesUrl: "http://127.0.0.1:1/" });

const encoded = (json: unknown) => Buffer.from(JSON.stringify(json)).toString("base64");
const message = (data: unknown, attributes: object = {}) => ({
  message: { messageId: "1", publishTime: "2026-11-24T08:59:58Z", data: encoded(data), attributes },
  subscription: "projects/p/subscriptions/s",
});
const cloudEvent = (type: string, data: unknown) =>
  message(data, { "ce-id": "e1", "ce-source": "//source", "ce-type": type, "ce-time": "2026-11-24T08:00:00Z" });
const namesOf = (content: unknown) =>
  parseAs(google, content).events.map((event) => `${eventNameOf(event)} ${event.entityId}`);

describe("Google Chat", () => {
  const resources = {
    message: { one: "message", many: "messages", name: "spaces/S/messages/M" },
    membership: { one: "membership", many: "memberships", name: "spaces/S/members/1" },
    reaction: { one: "reaction", many: "reactions", name: "spaces/S/messages/M/reactions/R" },
    space: { one: "space", many: "spaces", name: "spaces/S" },
  } as const;
  const words = [
    ["created", "created"],
    ["updated", "updated"],
    ["deleted", "deleted"],
  ] as const;
  const cases = Object.values(resources).flatMap((resource) => words.map((word) => [resource, ...word] as const));

  it.each(cases)("$one $name: %s is %s, one by one and in batches", ({ one, many, name }, action, eventType) => {
    const type = `google.workspace.chat.${one}.v1`;
    expect(namesOf(cloudEvent(`${type}.${action}`, { [one]: { name } }))).toEqual([`${one}.${eventType} ${name}`]);
    const batch = { [many]: [{ [one]: { name } }, { [one]: { name: `${name}2` } }] };
    const batched = `${type}.batch${action.charAt(0).toUpperCase()}${action.slice(1)}`;
    expect(namesOf(cloudEvent(batched, batch))).toEqual([
      `${one}.${eventType} ${name}`,
      `${one}.${eventType} ${name}2`,
    ]);
  });

  it("batchChanged, as one page has it, is an update too", () => {
    const batch = { messages: [{ message: { name: "m" } }] };
    expect(namesOf(cloudEvent("google.workspace.chat.message.v1.batchChanged", batch))).toEqual(["message.updated m"]);
  });

  it("gives each event of a batch a place of its own, in the one delivery", () => {
    const batch = { messages: [{ message: { name: "a" } }, 7, null, {}, { message: { name: "b" } }] };
    const parsed = parseAs(google, cloudEvent("google.workspace.chat.message.v1.batchCreated", batch));
    expect(parsed.deliveryId).toBe("//source:e1");
    expect(parsed.events.map(({ entityId }) => entityId)).toEqual(["a", "b"]);
  });
});

describe("Google Drive and Meet", () => {
  it.each([
    ["drive.file.v3.created", "file.created"],
    ["drive.file.v3.added", "file.created"],
    ["drive.file.v3.contentChanged", "file.updated"],
    ["drive.file.v3.moved", "file.updated"],
    ["drive.file.v3.renamed", "file.updated"],
    ["drive.file.v3.trashed", "file.deleted"],
    ["drive.file.v3.deleted", "file.deleted"],
    ["drive.file.v3.untrashed", "file.restored"],
    ["drive.comment.v3.created", "comment.created"],
    ["drive.comment.v3.edited", "comment.updated"],
    ["drive.comment.v3.resolved", "comment.updated"],
    ["drive.comment.v3.reopened", "comment.updated"],
    ["drive.comment.v3.deleted", "comment.deleted"],
    ["drive.reply.v3.created", "reply.created"],
    ["drive.reply.v3.edited", "reply.updated"],
    ["drive.reply.v3.deleted", "reply.deleted"],
    ["drive.permission.v3.created", "permission.created"],
    ["drive.approval.v3.completed", "approval.updated"],
    ["drive.accessProposal.v3.created", "access_proposal.created"],
    ["meet.conference.v2.started", "conference.created"],
    ["meet.conference.v2.ended", "conference.updated"],
    ["meet.participant.v2.joined", "participant.created"],
    ["meet.participant.v2.left", "participant.updated"],
    ["meet.recording.v2.fileGenerated", "recording.created"],
    ["meet.recording.v2.started", "recording.created"],
    ["meet.transcript.v2.ended", "transcript.updated"],
    ["meet.transcript.v2.fileGenerated", "transcript.created"],
  ])("%s is %s", (type, eventName) => {
    const resource = type.split(".")[1] ?? "";
    expect(namesOf(cloudEvent(`google.workspace.${type}`, { [resource]: { name: "r/1" } }))).toEqual([
      `${eventName} r/1`,
    ]);
  });
});

describe("the life of a Workspace subscription", () => {
  it.each([
    ["suspended", "subscription_suspended"],
    ["expirationReminder", "subscription_expiring"],
    ["expired", "subscription_expired"],
    ["reborn", undefined],
  ])("%s is told to the owner as %s", (what, notice) => {
    const data = { subscription: { name: "subscriptions/1", suspension_reason: "ENDPOINT_PERMISSION_DENIED" } };
    const parsed = parseAs(google, cloudEvent(`google.workspace.events.subscription.v1.${what}`, data));
    expect(parsed.notices).toEqual(notice && [notice]);
    expect(parsed.events).toMatchObject([{ entityType: "subscription", eventType: "occurred" }]);
  });

  it("is told in structured mode as well", () => {
    const event = {
      id: "e1",
      source: "//workspaceevents.googleapis.com/subscriptions/1",
      type: "google.workspace.events.subscription.v1.expired",
      data: { subscription: { name: "subscriptions/1" } },
    };
    const parsed = parseAs(google, message(event, { "content-type": "application/cloudevents+json" }));
    expect(parsed.notices).toEqual(["subscription_expired"]);
  });
});
