import type { HeaderReader } from "./delivery-request";
import type { ProviderQuota } from "./rate-limit";

/**
 * The quota that a provider's reply names, `undefined` if it names none. Salesforce: `Sforce-Limit-Info:
 * api-usage=18/5000` ("Limit Info Header"). GitHub: `x-ratelimit-limit`, `x-ratelimit-remaining` ("Rate limits for the
 * REST API"); `ratelimit-*` is the same without the prefix. Google names none, Slack only with a refusal.
 */
export function readQuota(headers: HeaderReader): ProviderQuota | undefined {
  return salesforceQuota(headers) ?? remainingQuota(headers, "x-ratelimit") ?? remainingQuota(headers, "ratelimit");
}

function salesforceQuota(headers: HeaderReader): ProviderQuota | undefined {
  const [, used, limit] =
    /(?:^|[;,\s])api-usage=(\d{1,15})\/(\d{1,15})/.exec(headers.get("sforce-limit-info") ?? "") ?? [];
  return toQuota(Number(used), Number(limit));
}

function remainingQuota(headers: HeaderReader, prefix: string): ProviderQuota | undefined {
  const limit = wholeNumber(headers.get(`${prefix}-limit`));
  return toQuota(limit - wholeNumber(headers.get(`${prefix}-remaining`)), limit);
}

function wholeNumber(text: string | null): number {
  return /^\d{1,15}$/.test(text ?? "") ? Number(text) : NaN;
}

function toQuota(used: number, limit: number): ProviderQuota | undefined {
  return used >= 0 && limit > 0 ? { used, limit } : undefined;
}
