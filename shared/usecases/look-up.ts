import { WebhookError } from "../core/errors";
import type { CachedRegistration } from "./registration-cache";
import type { Services } from "./services";

/**
 * The registration that a stranger named; `undefined` if there is none. Ids that nobody gave out cost a read of the store
 * each, so that an address may ask for only so many. The token is taken before the read, or many at once would all pass.
 * @throws {WebhookError} `rate_limited`, `store_unavailable`, `secrets_unavailable`
 */
export async function lookUp(
  { cache, limits, now }: Services,
  { registrationId, remoteAddress }: { readonly registrationId: string; readonly remoteAddress: string },
): Promise<CachedRegistration | undefined> {
  if (cache.isAtHand(registrationId)) return cache.find(registrationId);
  const key = `unknown ${remoteAddress}`;
  const attempt = limits.unverified.take(key, now());
  if (!attempt.allowed) throw new WebhookError("rate_limited", { retryAfterSeconds: attempt.retryAfterSeconds });
  let isUnknown = false;
  try {
    const entry = await cache.find(registrationId);
    isUnknown = entry === undefined;
    return entry;
  } finally {
    if (!isUnknown) limits.unverified.giveBack(key);
  }
}
