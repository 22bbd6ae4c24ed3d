import { OutboundError, type OutboundReply } from "../../core/outbound";
import { SyncFailure } from "../../core/sync-task";
import type { VendorApi } from "./vendor-api";

/** What may be told of a vendor's own code: a word, never a sentence, because that may hold anything. */
const codeWord = /^[\w.:-]{1,64}$/;

/** A vendor's code if it is a word, else `undefined`. */
export function safeCode(code: string | undefined): string | undefined {
  return code !== undefined && codeWord.test(code) ? code : undefined;
}

/** A failure with what its log line may say: vendor, status and the vendor's code; never what stood in the body. */
export function failure(
  reason: string,
  {
    api,
    reply,
    permanent = false,
  }: { readonly api: VendorApi; readonly reply: OutboundReply; readonly permanent?: boolean },
): SyncFailure {
  const code = safeCode(api.errorCodeOf(reply)) ?? "without a code";
  return new SyncFailure(reason, { permanent, cause: new Error(`${api.integrationId}: ${reply.status} ${code}`) });
}

/** An answer that the vendor's pages do not tell of. */
export function unknownAnswer(api: VendorApi, reply: OutboundReply): SyncFailure {
  return failure("provider_answer_unknown", { api, reply });
}

/** The vendor understood the change and will not have it: repeating it cannot help. */
export function rejected(api: VendorApi, reply: OutboundReply): SyncFailure {
  return failure("provider_rejected", { api, reply, permanent: true });
}

/** What this vendor, or our client for it, cannot do. */
export function unsupported(): SyncFailure {
  return new SyncFailure("unsupported", { permanent: true });
}

/** A call without a reply, as a failure of the synchronisation. */
export function toSyncFailure(error: unknown): unknown {
  if (!(error instanceof OutboundError)) return error;
  switch (error.code) {
    case "timeout":
    case "unreachable":
      return new SyncFailure("provider_unreachable", { cause: error });
    case "too_large":
      return new SyncFailure("provider_answer_unknown", { cause: error });
    case "host_not_allowed":
    case "address_not_allowed":
      return new SyncFailure("provider_host_not_allowed", { cause: error });
  }
}
