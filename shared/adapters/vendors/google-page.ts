import type { ChangesOutcome, ChangesQuery, RecordChange } from "../../core/collection-changes";
import { asObject, type JsonObject } from "../../core/json";
import type { OutboundReply } from "../../core/outbound";
import { toCursor } from "./cursor";
import { unknownAnswer } from "./failures";
import type { VendorApi } from "./vendor-api";

/** However a service says that it knows a history or a token no more, or never did. */
const expired: ReadonlySet<number> = new Set([400, 404, 410]);

/**
 * What a reply to a question for changes comes to: `toPage` of its body, if it has one.
 * @throws {SyncFailure} `provider_answer_unknown`
 */
export async function outcomeOf(
  api: VendorApi,
  { position }: ChangesQuery,
  reply: OutboundReply,
  toPage: (body: JsonObject) => ChangesOutcome | Promise<ChangesOutcome> | undefined,
): Promise<ChangesOutcome> {
  if (position !== undefined && expired.has(reply.status)) return { kind: "expired" };
  // Without a position it is the collection that is not there, or not to be seen.
  if (reply.status === 404) return { kind: "unsupported" };
  const body = asObject(reply.json);
  const outcome = reply.status === 200 && body !== undefined ? await toPage(body) : undefined;
  if (outcome === undefined) throw unknownAnswer(api, reply);
  return outcome;
}

/** A page after which there is more. */
export function furtherPage(changes: readonly RecordChange[], position: JsonObject): ChangesOutcome {
  return { kind: "page", changes, position: toCursor(position), hasMore: true };
}

/** The last page for now. */
export function lastPage(changes: readonly RecordChange[], position: JsonObject): ChangesOutcome {
  return { kind: "page", changes, position: toCursor(position), hasMore: false };
}
