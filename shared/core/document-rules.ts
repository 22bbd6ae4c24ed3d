import { at } from "./json";
import { nestsDeeperThan } from "./json-depth";
import type { Document, DocumentQuery } from "./ports";

/**
 * The limits of Cosmos DB (learn.microsoft.com/azure/cosmos-db/concepts-limits), kept by every document store, so that
 * what works on a laptop works on Azure.
 */
const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024;
const MAX_DEPTH = 128;
const MAX_KEY_BYTES = 1023;
const MAX_INCREMENTS = 10;
const MAX_PAGE = 1000;
const forbiddenInKeys = /[/\\?#]/;
const fieldName = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * True if a document may have this id, or be in this partition. The characters are those that Cosmos DB refuses; `.` and
 * `..` would be steps in the path of its REST interface, and half a surrogate pair cannot be written there.
 */
export function isDocumentKey(key: string): boolean {
  if (key === "" || key === "." || key === "..") return false;
  return key.isWellFormed() && Buffer.byteLength(key) <= MAX_KEY_BYTES && !forbiddenInKeys.test(key);
}

/** @throws {RangeError} the partition or the id is not a {@link isDocumentKey} */
export function checkDocumentKeys({ pk, id }: Pick<Document, "pk" | "id">): void {
  for (const key of [pk, id]) {
    if (!isDocumentKey(key)) throw new RangeError(`not a document key: ${JSON.stringify(key)}`);
  }
}

/**
 * The document as JSON.
 * @throws {RangeError} it is larger than 2 MB, or nests more than 128 levels deep
 */
export function serialiseDocument(document: Document): string {
  const body = JSON.stringify(document);
  if (nestsDeeperThan(MAX_DEPTH, body)) throw new RangeError(`document ${document.id} nests too deep`);
  if (Buffer.byteLength(body) > MAX_DOCUMENT_BYTES) throw new RangeError(`document ${document.id} is larger than 2 MB`);
  return body;
}

/**
 * The name, once it is known to be one that needs no quoting.
 * @throws {RangeError} it is not one word
 */
export function checkFieldName(name: string): string {
  if (!fieldName.test(name)) throw new RangeError(`not a field name: ${name}`);
  return name;
}

/** @throws {RangeError} an increment of no field, of more than ten, or of one whose name is not one word */
export function checkDeltas(deltas: Readonly<Record<string, number>>): void {
  const fields = Object.keys(deltas);
  if (fields.length === 0 || fields.length > MAX_INCREMENTS) {
    throw new RangeError(`an increment takes 1 to ${MAX_INCREMENTS} fields, not ${fields.length}`);
  }
  fields.forEach(checkFieldName);
}

/** The document with the deltas added; a field that is missing counts as 0. */
export function addDeltas<T extends Document>(document: T, deltas: Readonly<Record<string, number>>): T {
  const sums = Object.entries(deltas).map(([field, delta]) => [field, Number(at(document, field) ?? 0) + delta]);
  return { ...document, ...(Object.fromEntries(sums) as Record<string, number>) };
}

/** How many documents a page of the query holds at most: 1 to 1,000. */
export function pageLimit({ limit }: DocumentQuery): number {
  return Math.min(MAX_PAGE, Math.max(1, Math.trunc(limit)));
}
