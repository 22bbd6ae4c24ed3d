import type { Mapping } from "../../core/mapping";

/** Google's resources, by our entity type: Gmail, Drive files, Calendar events, Chat messages, Cloud Storage objects. */
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
  mail_message: {
    shardTypeId: "mail_message",
    direction: "inbound",
    fields: {
      subject: { from: "headers.subject", type: "text" },
      from: { from: "headers.from", type: "text" },
      to: { from: "headers.to", type: "text" },
      cc: { from: "headers.cc", type: "text" },
      threadId: { from: "threadId", type: "text" },
      labelIds: { from: "labelIds", type: "list" },
      bytes: { from: "sizeEstimate", type: "integer" },
      receivedOn: { from: "internalDate", functions: [{ name: "date", unit: "milliseconds" }] },
    },
  },
  calendar_event: {
    shardTypeId: "calendar_event",
    direction: "inbound",
    fields: {
      title: { from: "summary", type: "text" },
      text: { from: "description", type: "text" },
      location: { from: "location", type: "text" },
      status: { from: "status", type: "text" },
      startsOn: { from: ["start.dateTime", "start.date"], type: "text" },
      endsOn: { from: ["end.dateTime", "end.date"], type: "text" },
      recurrence: { from: "recurrence", type: "list" },
      seriesId: { from: "recurringEventId", type: "text" },
      organizer: { from: "organizer.email", type: "text" },
      attendees: { from: "attendees", functions: [{ name: "each", path: "email" }] },
      url: { from: "htmlLink", type: "text" },
      createdOn: { from: "created", type: "datetime" },
      modifiedOn: { from: "updated", type: "datetime" },
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
