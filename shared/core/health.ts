import { type Activity, type ActivityCount, countsInWindow } from "./activity";
import type { Connection } from "./connection";
import { type Hold, heldUntil, isHoldNearlyFull, pauseAdvice } from "./pause";
import { toDeadLetterWords } from "./dead-letter";
import type { Provider } from "./provider";
import { activeNotices, type NoticeName, type NoticeRecord, providerNotices } from "./provider-notice";
import { provisioningAdvice } from "./provisioning";
import { isRefusalReason, refusalSentence } from "./refusal-sentence";
import { type Registration, reportedStatus, type ReportedStatus } from "./registration";
import { repairAdvice } from "./repair";
import { secretAdvice, type SecretHealth, secretHealthOf } from "./secret-health";
import { type Silence, silenceOf, silenceSentence, toWords } from "./silence";
import { type UnroutedAccount, unroutedAdvice } from "./unrouted";

/** The three answers of the seed. */
export const healthStatuses = ["healthy", "degraded", "failed"] as const;

/** One of {@link healthStatuses}. */
export type HealthStatus = (typeof healthStatuses)[number];

/** The health of one webhook, as the seed's `checkWebhookHealth` answers it. */
export interface WebhookHealth {
  readonly registrationId: string;
  readonly integrationId: string;
  readonly status: HealthStatus;
  readonly registrationStatus: ReportedStatus;
  /** Failures in a row: refused deliveries since the last genuine one, failed synchronisations since the last good one. */
  readonly failureCount: number;
  /** Percent of what happened within the window, 0 to 100. */
  readonly failureRate: number;
  readonly lastEventAt?: string;
  readonly lastFailureAt?: string;
  readonly failureReasons: Activity["failureReasons"];
  readonly counts: Readonly<Record<ActivityCount, number>>;
  readonly windowMinutes: number;
  /** Events that were given up and wait to be replayed or discarded, whenever that was; 1,000 stands for as many or more. */
  readonly deadLettersCount: number;
  /** Events that are held; only while the webhook is paused. */
  readonly heldCount?: number;
  /** How many may be held, and until when (ISO 8601); only while it is paused. At either, deliveries are answered 503. */
  readonly heldAtMost?: { readonly events: number; readonly until: string };
  /** What is usual between deliveries; absent until enough was learned. */
  readonly silence?: { readonly usualSeconds: number; readonly longestSeconds: number; readonly isAlarming: boolean };
  /** Absent where the webhook has none. */
  readonly secret?: SecretHealth;
  readonly recommendations: readonly string[];
}

/** What health is computed from. Times in milliseconds. */
export interface HealthInput {
  readonly registration: Registration;
  readonly activity: Activity;
  readonly provider: Provider;
  /** The registration's connection, where it is kept. */
  readonly connection?: Pick<Connection, "status" | "statusReason" | "statusChangedAt"> | undefined;
  /** Of a shared webhook: whose deliveries go to nobody. */
  readonly unrouted?: readonly UnroutedAccount[];
  /** Events that were given up and wait; absent where there is none. */
  readonly deadLettersCount?: number;
  /** Events that are held, and how many may be, where the webhook is paused. */
  readonly hold?: Pick<Hold, "held" | "bounds">;
  readonly now: number;
  readonly windowMs: number;
  /** Absent, or 0: a secret never is too old. */
  readonly secretMaxAgeMs?: number;
}

const QUIET_AFTER_MS = 7 * 24 * 3_600_000;
const FIRST_EVENT_WITHIN_MS = 3_600_000;

/** The thresholds of `castiel.md`, Health: 1 and 3 failures in a row, 5 and 25 percent. */
export function computeHealth(input: HealthInput): WebhookHealth {
  const { registration, activity, now, windowMs } = input;
  const counts = countsInWindow(activity, now, windowMs);
  const failureCount = activity.refusedInRow + activity.syncFailuresInRow;
  const failureRate = failureRateOf(counts);
  const notices = activeNotices(activity.notices ?? {}, { now, lastEventAt: activity.lastEventAt }).filter(
    // What we renew is no news until renewing it fails.
    ([name]) => registration.provisioning === undefined || name !== "subscription_expiring",
  );
  // Nothing is to be expected of a webhook that is switched off.
  const silence = registration.status === "inactive" ? undefined : silenceOf(activity, registration, now);
  const secret = secretHealthOf(input);
  const worst = statusOf(registration, failureCount, failureRate);
  const hold = holdOf(input);
  const isDoubtful =
    notices.length > 0 ||
    silence?.isAlarming === true ||
    secret?.rotation?.isAlarming === true ||
    registration.provisioning?.reason !== undefined ||
    (hold !== undefined && isHoldNearlyFull(hold));
  const status = worst === "healthy" && isDoubtful ? "degraded" : worst;
  return {
    registrationId: registration.id,
    integrationId: registration.integrationId,
    status,
    registrationStatus: reportedStatus(registration),
    failureCount,
    failureRate,
    ...(activity.lastEventAt === undefined ? {} : { lastEventAt: activity.lastEventAt }),
    ...(activity.lastFailureAt === undefined ? {} : { lastFailureAt: activity.lastFailureAt }),
    failureReasons: activity.failureReasons,
    counts,
    windowMinutes: Math.round(windowMs / 60_000),
    deadLettersCount: input.deadLettersCount ?? 0,
    ...(hold === undefined ? {} : { heldCount: hold.held, heldAtMost: toBounds(hold) }),
    ...(silence === undefined ? {} : { silence: toView(silence) }),
    ...(secret === undefined ? {} : { secret }),
    recommendations: recommendationsFor(input, counts, notices),
  };
}

function toView({ usualMs, longestMs, isAlarming }: Silence): Required<WebhookHealth>["silence"] {
  return { usualSeconds: Math.round(usualMs / 1000), longestSeconds: Math.round(longestMs / 1000), isAlarming };
}

function toBounds(hold: Hold): Required<WebhookHealth>["heldAtMost"] {
  return { events: hold.bounds.maxEvents, until: heldUntil(hold) };
}

function holdOf({ registration: { pause }, hold, now }: HealthInput): Hold | undefined {
  return pause && hold && { pause, ...hold, now };
}

function failureRateOf(counts: Readonly<Record<ActivityCount, number>>): number {
  const failed = counts.refused + counts.syncFailed + counts.dead;
  const total = failed + counts.synced + counts.ignored + counts.handshake + counts.duplicate + counts.routed;
  return total === 0 ? 0 : Math.round((failed / total) * 1000) / 10;
}

function statusOf(registration: Registration, failureCount: number, failureRate: number): HealthStatus {
  if (registration.status === "failed" || failureCount >= 3 || failureRate > 25) return "failed";
  if (registration.status === "pending_verification" || failureCount >= 1 || failureRate >= 5) return "degraded";
  return "healthy";
}

type Notices = readonly (readonly [NoticeName, NoticeRecord])[];

function recommendationsFor(
  input: HealthInput,
  counts: Readonly<Record<ActivityCount, number>>,
  notices: Notices,
): string[] {
  const { registration } = input;
  const hold = holdOf(input);
  if (registration.status === "inactive") {
    return ['The webhook is switched off: PATCH it with {"status":"active"} to receive again.'];
  }
  // What loses or holds up deliveries now comes first, because a list of webhooks shows only that.
  return [
    ...pendingAdvice(input),
    ...providerAdvice(input),
    ...noticeAdvice(input, notices),
    ...(hold ? [pauseAdvice(hold)] : []),
    ...unroutedAdvice(registration, input.unrouted ?? []),
    ...refusalAdvice(input, counts),
    ...connectionAdvice(input),
    ...syncAdvice(input, counts),
    ...deadLetterAdvice(input),
    ...rateAdvice(counts),
    ...secretAdvice(input, secretHealthOf(input)),
    ...weaknessAdvice(input),
    ...quietAdvice(input),
    ...repairAdvice(input.activity.lastRepair, input.now),
  ];
}

function pendingAdvice({ registration, provider }: HealthInput): string[] {
  const candidates = registration.candidateSecrets?.length ?? 0;
  const missing = provider.missingSettings?.(registration.verification) ?? [];
  return [
    ...missing.map((name) => `Deliveries are refused until verification.${name} is set: PATCH the webhook with it.`),
    ...(candidates > 0
      ? [`${candidates} secret(s) offered by ${provider.displayName} wait: POST /webhooks/{registrationId}/confirm.`]
      : []),
  ];
}

function providerAdvice({ registration: { provisioning }, provider }: HealthInput): readonly string[] {
  return provisioning === undefined ? [] : provisioningAdvice(provisioning, provider.displayName);
}

function weaknessAdvice({ registration, provider }: HealthInput): string[] {
  const weakness = provider.weakness?.(registration.verification);
  return weakness === undefined ? [] : [`The proof of this webhook is weak: ${weakness}`];
}

/** What is put right by setting the webhook up again, where we did it before. */
const mendedByUs: ReadonlySet<NoticeName> = new Set(["hook_deleted", "subscription_suspended", "subscription_expired"]);

function noticeAdvice({ provider, registration }: HealthInput, notices: Notices): string[] {
  return notices.map(([name, { times, lastAt }]) => {
    const when = times === 1 ? `on ${lastAt}` : `${times} times so far, last on ${lastAt}`;
    const isOurs = registration.provisioning !== undefined && mendedByUs.has(name);
    const step = isOurs ? " POST /webhooks/{registrationId}/provision sets it up again." : "";
    return `${provider.displayName} ${providerNotices[name].sentence} (${when})${step}`;
  });
}

function refusalAdvice({ activity, provider }: HealthInput, counts: Readonly<Record<ActivityCount, number>>): string[] {
  if (activity.refusedInRow === 0 || counts.refused === 0) return [];
  const note = activity.failureReasons.find(({ reason }) => isRefusalReason(reason));
  if (note === undefined || !isRefusalReason(note.reason)) return [];
  const { reason, detail } = note;
  const mixed = counts.accepted + counts.handshake + counts.duplicate + counts.routed > 0;
  return [
    refusalSentence({ reason, detail }, provider),
    ...(mixed ? ["Genuine deliveries arrive as well: somebody else may be calling this URL."] : []),
  ];
}

function connectionAdvice({ registration, connection, provider }: HealthInput): string[] {
  if (connection?.status !== "needs_reauth") return [];
  const { connectionId, integrationId } = registration;
  const { statusReason = "unknown", statusChangedAt = "an unknown time" } = connection;
  return [
    `${provider.displayName} refuses the credentials of connection ${connectionId} since ${statusChangedAt} (${statusReason}): PUT /integrations/${integrationId}/connections/{connectionId} with new ones.`,
  ];
}

function syncAdvice(
  { registration, activity }: HealthInput,
  counts: Readonly<Record<ActivityCount, number>>,
): string[] {
  if (activity.syncFailuresInRow === 0 && counts.dead === 0) return [];
  const reason = activity.failureReasons.find((note) => !isRefusalReason(note.reason))?.reason ?? "unknown";
  const isEngines = reason.startsWith("engine_");
  return [
    isEngines
      ? `Your sync engine does not take what it is handed (${reason}): its log says why.`
      : `Synchronising fails for connection ${registration.connectionId} (${reason}): check its credentials and the provider's status.`,
  ];
}

function deadLetterAdvice({ deadLettersCount = 0 }: HealthInput): string[] {
  if (deadLettersCount === 0) return [];
  return [
    `${toDeadLetterWords(deadLettersCount)} were given up and wait to be replayed or discarded: GET /dead-letters.`,
  ];
}

function rateAdvice(counts: Readonly<Record<ActivityCount, number>>): string[] {
  return [
    ...(counts.throttled > 0
      ? [
          `${counts.throttled} more that could not be verified came too fast from one address: they were answered 429, and are not in the delivery log.`,
        ]
      : []),
    ...(counts.rateLimited > 0
      ? [
          `${counts.rateLimited} deliveries were answered 429: raise the rate limit or narrow the events at the provider.`,
        ]
      : []),
    ...(counts.unavailable > 0
      ? [
          `${counts.unavailable} deliveries were answered 503: check the queue and the store; the provider repeats them.`,
        ]
      : []),
  ];
}

function quietAdvice({ registration, activity, provider, now }: HealthInput): string[] {
  const silentMs = now - Date.parse(activity.lastEventAt ?? registration.createdAt);
  if (activity.lastEventAt === undefined) {
    return silentMs > FIRST_EVENT_WITHIN_MS ? [`No delivery has arrived yet: ${provider.hints.deliveries}`] : [];
  }
  const silence = silenceOf(activity, registration, now);
  if (silence) return silence.isAlarming ? [`${silenceSentence(silence)}: ${provider.hints.deliveries}`] : [];
  return silentMs > QUIET_AFTER_MS ? [`No event for ${toWords(silentMs)}: ${provider.hints.deliveries}`] : [];
}
