import { failed } from "./google-hooks";
import type { Answer, Received } from "./stand-in";

type Records = Map<string, object | undefined>;

/** When everything is written here. */
const WRITTEN_AT = "2026-11-24T12:30:00.000Z";
const files = "/www/drive/v3/files";
const events = /^\/www\/calendar\/v3\/calendars\/[^/]+\/events/;

/**
 * Writing files and events as the references of Drive and Calendar describe it: PATCH merges, the trash changes no time,
 * `parents` is not writable, an event needs a start and an end, and one that was deleted answers 410 to a second DELETE and
 * is `cancelled` to a GET. `undefined` for anything else.
 */
export function writeToGoogle(records: Records, request: Received): Answer | undefined {
  const { method, path } = request;
  if (method === "GET") return undefined;
  if (path.startsWith(files)) return writeFile(records, request);
  return events.test(path) ? writeEvent(records, request) : undefined;
}

function writeFile(records: Records, { method, path, query, body }: Received): Answer {
  const fields = JSON.parse(body) as Record<string, unknown>;
  if ("size" in fields || "webViewLink" in fields) return failed(403, "fieldNotWritable", "PERMISSION_DENIED");
  if (method === "POST") {
    const file = { id: "made-1", trashed: false, modifiedTime: WRITTEN_AT, ...fields };
    records.set(`${files}/made-1`, file);
    return { json: file };
  }
  const known = records.get(path);
  if (!known) return failed(404, "notFound", "NOT_FOUND");
  if ("parents" in fields) return failed(403, "fieldNotWritable", "PERMISSION_DENIED");
  const modified = Object.keys(fields).some((name) => name !== "trashed") ? { modifiedTime: WRITTEN_AT } : {};
  const moved = moveFile(known, query);
  records.set(path, { ...known, ...fields, ...modified, ...moved });
  return { json: records.get(path) };
}

function moveFile(file: object, { addParents, removeParents }: Received["query"]): object {
  if (addParents === undefined && removeParents === undefined) return {};
  const parents = "parents" in file ? (file.parents as string[]) : [];
  const kept = parents.filter((id) => !(removeParents ?? "").split(",").includes(id));
  return { parents: [...kept, ...(addParents ?? "").split(",").filter((id) => id !== "")] };
}

function writeEvent(records: Records, { method, path, body }: Received): Answer {
  if (method === "DELETE") {
    const known = records.get(path);
    if (!known) return failed(404, "notFound", "NOT_FOUND");
    if ("status" in known && known.status === "cancelled") return failed(410, "deleted", "NOT_FOUND");
    records.set(path, { ...known, status: "cancelled", updated: WRITTEN_AT });
    return { status: 204 };
  }
  const fields = JSON.parse(body) as Record<string, unknown>;
  if (method === "POST") {
    if (!("start" in fields && "end" in fields)) return failed(400, "required", "INVALID_ARGUMENT");
    const event = { id: "made-1", status: "confirmed", updated: WRITTEN_AT, ...fields };
    records.set(`${path}/made-1`, event);
    return { json: event };
  }
  const known = records.get(path);
  if (!known) return failed(404, "notFound", "NOT_FOUND");
  records.set(path, { ...known, ...fields, updated: WRITTEN_AT });
  return { json: records.get(path) };
}
