import type { FieldRule, FunctionCall, Mapping } from "../../core/mapping";

/** Rich text is a list of pieces, each with its plain text ("Rich text", developers.notion.com/reference/rich-text). */
const plainText: readonly FunctionCall[] = [
  { name: "each", path: "plain_text" },
  { name: "join", separator: "" },
];

const bookkeeping: Readonly<Record<string, FieldRule>> = {
  url: { from: "url", type: "text" },
  isInTrash: { from: ["in_trash", "archived"], type: "boolean" },
  createdOn: { from: "created_time", type: "datetime" },
  createdBy: { from: "created_by.id", type: "text" },
  modifiedOn: { from: "last_edited_time", type: "datetime" },
  modifiedBy: { from: "last_edited_by.id", type: "text" },
  parentId: {
    from: ["parent.page_id", "parent.data_source_id", "parent.database_id", "parent.block_id"],
    type: "text",
  },
};

const database: Mapping = {
  shardTypeId: "database",
  direction: "inbound",
  fields: {
    title: { from: "title", functions: plainText },
    description: { from: "description", functions: plainText },
    properties: { from: "properties", type: "object" },
    ...bookkeeping,
  },
};

/** Notion's objects, by our entity type. */
export const notionMappings: Readonly<Record<string, Mapping>> = {
  page: {
    shardTypeId: "page",
    direction: "inbound",
    fields: {
      // The title property may have any name; these are the ones that Notion gives by itself.
      title: {
        from: ["properties.title.title", "properties.Name.title", "properties.Title.title", "properties.Page.title"],
        functions: plainText,
      },
      icon: { from: "icon.emoji", type: "text" },
      properties: { from: "properties", type: "object" },
      ...bookkeeping,
    },
  },
  database,
  data_source: { ...database, shardTypeId: "data_source" },
  comment: {
    shardTypeId: "comment",
    direction: "inbound",
    fields: {
      text: { from: "rich_text", functions: plainText },
      discussionId: { from: "discussion_id", type: "text" },
      ...bookkeeping,
    },
  },
};
