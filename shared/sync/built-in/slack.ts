import type { FieldRule, Mapping } from "../../core/mapping";

/** Slack's `ts` is seconds with a counter behind the point, as text; other times are whole seconds. */
const seconds = (from: string): FieldRule => ({ from, functions: [{ name: "date", unit: "seconds" }] });

/** Slack's objects (docs.slack.dev/reference/objects), by our entity type. */
export const slackMappings: Readonly<Record<string, Mapping>> = {
  message: {
    shardTypeId: "message",
    direction: "inbound",
    fields: {
      text: { from: "text", type: "text" },
      channelId: { from: "channel", type: "text" },
      authorId: { from: ["user", "bot_id"], type: "text" },
      threadId: { from: "thread_ts", type: "text" },
      kind: { from: "subtype", type: "text" },
      sentOn: seconds("ts"),
      editedOn: seconds("edited.ts"),
      fileIds: { from: "files", functions: [{ name: "each", path: "id" }] },
    },
  },
  user: {
    shardTypeId: "user",
    direction: "inbound",
    fields: {
      name: { from: ["profile.real_name", "real_name", "name"], type: "text" },
      handle: { from: "name", type: "text" },
      displayName: { from: "profile.display_name", type: "text" },
      email: { from: "profile.email", functions: [{ name: "lower" }], type: "text" },
      title: { from: "profile.title", type: "text" },
      timeZone: { from: "tz", type: "text" },
      isBot: { from: "is_bot", type: "boolean" },
      isDeactivated: { from: "deleted", type: "boolean" },
      modifiedOn: seconds("updated"),
    },
  },
  channel: {
    shardTypeId: "channel",
    direction: "inbound",
    fields: {
      name: { from: "name", type: "text" },
      topic: { from: "topic.value", type: "text" },
      purpose: { from: "purpose.value", type: "text" },
      isPrivate: { from: "is_private", type: "boolean" },
      isArchived: { from: "is_archived", type: "boolean" },
      members: { from: "num_members", type: "integer" },
      createdBy: { from: "creator", type: "text" },
      createdOn: seconds("created"),
    },
  },
  file: {
    shardTypeId: "file",
    direction: "inbound",
    fields: {
      name: { from: ["title", "name"], type: "text" },
      mimeType: { from: "mimetype", type: "text" },
      bytes: { from: "size", type: "integer" },
      url: { from: "permalink", type: "text" },
      ownerId: { from: ["user", "user_id"], type: "text" },
      createdOn: seconds("created"),
    },
  },
};
