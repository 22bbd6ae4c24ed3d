import { hash } from "node:crypto";
import { parseJson } from "./delivery-request";
import { WebhookError } from "./errors";
import { at, textAt } from "./json";
import type { DocumentQuery } from "./ports";

/** Where a page ended: the last document's value of the field that the query is ordered by, and its id. */
export interface CursorPosition {
  /** Absent where that document has no such field. */
  readonly sortKey?: unknown;
  readonly id: string;
}

/**
 * The cursor after a document. It says of which query it is, so that it cannot be used on another. It names a place in
 * the order and no page, so that it holds while documents come and go.
 */
export function toCursor(collection: string, query: DocumentQuery, { sortKey, id }: CursorPosition): string {
  const parts = { query: fingerprint(collection, query), sortKey, id };
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** @throws {WebhookError} `invalid_cursor` */
export function readCursor(collection: string, query: DocumentQuery, cursor: string): CursorPosition {
  const parts = parseJson(Buffer.from(cursor, "base64url").toString("utf8"));
  const id = textAt(parts, "id");
  if (textAt(parts, "query") !== fingerprint(collection, query) || id === undefined) {
    throw new WebhookError("invalid_cursor");
  }
  return { sortKey: at(parts, "sortKey"), id };
}

function fingerprint(collection: string, { pk, where, orderBy }: DocumentQuery): string {
  return hash("sha256", JSON.stringify([collection, pk, where ?? {}, orderBy ?? {}]), "base64url").slice(0, 16);
}
