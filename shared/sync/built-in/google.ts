import type { Mapping } from "../../core/mapping";

/** Google's resources, by our entity type: Gmail mailboxes, Drive files, Chat messages, Cloud Storage objects. */
export const googleMappings: Readonly<Record<string, Mapping>> = {
  mailbox: {
    shardTypeId: "mailbox",
    direction: "inbound",
    fields: {
      address: { from: "emailAddress", functions: [{ name: "lower" }], type: "text" },
      historyId: { from: "historyId", type: "text" },
      messages: { from: "messagesTotal", type: "integer" },
      threads: { from: "threadsTotal", type: "integer" },
    },
  },
  file: {
    shardTypeId: "file",
    direction: "inbound",
    fields: {
      name: { from: "name", type: "text" },
      mimeType: { from: "mimeType", type: "text" },
      bytes: { from: "size", type: "integer" },
      url: { from: "webViewLink", type: "text" },
      parentIds: { from: "parents", type: "list" },
      owners: { from: "owners", functions: [{ name: "each", path: "emailAddress" }] },
      isInTrash: { from: "trashed", type: "boolean" },
      createdOn: { from: "createdTime", type: "datetime" },
      modifiedOn: { from: "modifiedTime", type: "datetime" },
    },
  },
  message: {
    shardTypeId: "message",
    direction: "inbound",
    fields: {
      text: { from: ["text", "formattedText"], type: "text" },
      channelId: { from: "space.name", type: "text" },
      authorId: { from: "sender.name", type: "text" },
      threadId: { from: "thread.name", type: "text" },
      sentOn: { from: "createTime", type: "datetime" },
      editedOn: { from: "lastUpdateTime", type: "datetime" },
    },
  },
  object: {
    shardTypeId: "object",
    direction: "inbound",
    fields: {
      name: { from: "name", type: "text" },
      bucket: { from: "bucket", type: "text" },
      mimeType: { from: "contentType", type: "text" },
      bytes: { from: "size", type: "integer" },
      createdOn: { from: "timeCreated", type: "datetime" },
      modifiedOn: { from: "updated", type: "datetime" },
    },
  },
};
