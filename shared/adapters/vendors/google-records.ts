import { asArray, at, type JsonObject, objectsIn, textAt } from "../../core/json";
import type { RecordReference } from "../../core/record-reader";
import { type EventVersion, timeVersion } from "../../core/version";

/** How the records of one type are read. */
export interface GoogleRecord {
  /** Takes the place of `{service}` in the address of Google's APIs. */
  readonly service: string;
  /** Below that address; `undefined` where the reference names no record of this type. */
  readonly pathOf: (reference: RecordReference) => string | undefined;
  readonly query?: Readonly<Record<string, string>>;
  /** What a 404 means: `unsupported` where it also stands for what the account may not see. */
  readonly absent: "deleted" | "unsupported";
  readonly isDeleted?: (record: JsonObject) => boolean;
  readonly version: (record: JsonObject) => EventVersion | undefined;
  /** Makes of the answer what is kept of it; all of it where there is none. */
  readonly kept?: (record: JsonObject) => JsonObject;
}

const unversioned = (): undefined => undefined;

/** Names like `spaces/S/messages/M` are paths already; only these forms are let into one. */
function named(prefix: string, form: RegExp): GoogleRecord["pathOf"] {
  return ({ entityId }) => (form.test(entityId) ? `${prefix}/${entityId}` : undefined);
}

/** A bare id as the last segment. */
function under(prefix: string, suffix = ""): GoogleRecord["pathOf"] {
  return ({ entityId }) => {
    const id = segment(entityId);
    return id === undefined ? undefined : `${prefix}/${id}${suffix}`;
  };
}

/** A bare id below the collection that `idScope` names. */
function within(prefix: string, collection: string): GoogleRecord["pathOf"] {
  return ({ idScope = "", entityId }) => {
    const [outer, id] = [segment(idScope), segment(entityId)];
    return outer === undefined || id === undefined ? undefined : `${prefix}/${outer}/${collection}/${id}`;
  };
}

/** A segment of a path; `undefined` for an empty one and for those that would lead elsewhere. */
export function segment(text: string): string | undefined {
  return ["", ".", ".."].includes(text) ? undefined : encodeURIComponent(text);
}

/** `bucket/name`, where the name may have slashes of its own. */
function objectPath({ entityId }: RecordReference): string | undefined {
  const [, bucket = "", name = ""] = /^([a-z0-9][\w.-]*)\/(.+)$/s.exec(entityId) ?? [];
  return name === "" ? undefined : `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
}

function sequence(number: string | undefined): EventVersion | undefined {
  return number !== undefined && /^\d{1,20}$/.test(number) ? { kind: "sequence", value: number } : undefined;
}

/** Who is not in a space gets 403 for what is in it. */
const chat = { service: "chat", version: chatTime } as const;
/** Records of conferences end by themselves after 30 days, so that a 404 says nothing of a deletion. */
const meet = { service: "meet", absent: "unsupported", version: unversioned } as const;

function chatTime(record: JsonObject): EventVersion | undefined {
  return timeVersion(textAt(record, "lastUpdateTime") ?? textAt(record, "createTime"));
}

/** Of a mail only these, and no word of its body, which may hold anything and be of any size. */
const mailHeaders = ["From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References"];
const mailPath = within("/gmail/v1/users", "messages");

function mailMessagePath(reference: RecordReference): string | undefined {
  const path = mailPath(reference);
  const headers = mailHeaders.map((name) => `metadataHeaders=${name}`).join("&");
  return path === undefined ? undefined : `${path}?${headers}`;
}

/** The headers by their names in lower case, so that a mapping can name them. */
function keptMail({ payload, ...message }: JsonObject): JsonObject {
  const headers = objectsIn(at(payload, "headers")).flatMap((header) => {
    const [name, value] = [textAt(header, "name"), textAt(header, "value")];
    return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value] as const];
  });
  return { ...message, headers: Object.fromEntries(headers) };
}

/**
 * By entity type. What is not here is read from the event alone: reactions and comments have no address by these ids, and
 * a message of Pub/Sub is all that there is.
 */
export const googleRecords: ReadonlyMap<string, GoogleRecord> = new Map<string, GoogleRecord>([
  [
    "file",
    {
      service: "www",
      pathOf: under("/drive/v3/files"),
      query: { fields: "*", supportsAllDrives: "true" },
      absent: "unsupported",
      isDeleted: (file) => file["trashed"] === true,
      version: (file) => timeVersion(textAt(file, "modifiedTime")),
    },
  ],
  [
    "message",
    {
      ...chat,
      pathOf: named("/v1", /^spaces\/[\w-]+\/messages\/[\w.-]+$/),
      absent: "deleted",
      isDeleted: (message) => textAt(message, "deleteTime") !== undefined,
    },
  ],
  [
    "membership",
    { ...chat, pathOf: named("/v1", /^spaces\/[\w-]+\/members\/[\w-]+$/), absent: "deleted", isDeleted: hasLeft },
  ],
  ["space", { ...chat, pathOf: named("/v1", /^spaces\/[\w-]+$/), absent: "unsupported" }],
  ["conference", { ...meet, pathOf: named("/v2", /^conferenceRecords\/[\w-]+$/) }],
  ["participant", { ...meet, pathOf: named("/v2", /^conferenceRecords\/[\w-]+\/participants\/[\w-]+$/) }],
  ["recording", { ...meet, pathOf: named("/v2", /^conferenceRecords\/[\w-]+\/recordings\/[\w-]+$/) }],
  ["transcript", { ...meet, pathOf: named("/v2", /^conferenceRecords\/[\w-]+\/transcripts\/[\w-]+$/) }],
  [
    "object",
    {
      service: "storage",
      pathOf: objectPath,
      // Who may not see a bucket gets 403.
      absent: "deleted",
      version: (object) => sequence(textAt(object, "generation")),
    },
  ],
  ["form", { service: "forms", pathOf: under("/v1/forms"), absent: "unsupported", version: unversioned }],
  [
    "mailbox",
    {
      service: "gmail",
      pathOf: under("/gmail/v1/users", "/profile"),
      absent: "unsupported",
      version: (mailbox) => sequence(textAt(mailbox, "historyId")),
    },
  ],
  [
    "calendar",
    { service: "www", pathOf: under("/calendar/v3/calendars"), absent: "unsupported", version: unversioned },
  ],
  [
    "calendar_event",
    {
      service: "www",
      pathOf: within("/calendar/v3/calendars", "events"),
      absent: "unsupported",
      isDeleted: (event) => event["status"] === "cancelled",
      version: (event) => timeVersion(textAt(event, "updated")),
    },
  ],
  [
    "mail_message",
    {
      service: "gmail",
      pathOf: mailMessagePath,
      query: { format: "metadata", fields: "id,threadId,labelIds,historyId,internalDate,sizeEstimate,payload/headers" },
      // Whoever may not see a mailbox gets 403 for what is in it.
      absent: "deleted",
      isDeleted: (message) => asArray(message["labelIds"]).includes("TRASH"),
      version: (message) => sequence(textAt(message, "historyId")),
      kept: keptMail,
    },
  ],
]);

function hasLeft(membership: JsonObject): boolean {
  return membership["state"] === "NOT_A_MEMBER";
}
