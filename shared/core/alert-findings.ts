import type { AlertCondition, Finding } from "./alert";
import type { Connection } from "./connection";
import { toDeadLetterWords } from "./dead-letter";
import type { WebhookHealth } from "./health";
import type { QueueDepth } from "./ports";
import type { Provider } from "./provider";
import { provisioningStep } from "./provisioning";
import { queueAgeMs } from "./queue-age";
import { isRefusalReason, refusalStep } from "./refusal-sentence";
import type { Registration } from "./registration";
import { silenceSentence } from "./silence";

/** Fewer deliveries say nothing about a rate. */
const LEAST_FOR_RATE = 10;
const REFUSED_PERCENT = 25;
/** Anybody who knows the URL can make one delivery fail. */
const LEAST_IN_ROW = 3;
/** Events are a minute's affair; whoever waits for a limit is scheduled for later and does not count. */
export const QUEUE_AGE_MS = 10 * 60_000;
const QUEUE_AGE_CRITICAL_MS = 60 * 60_000;
/** So long before a provider stops to deliver, a renewal that fails is everybody's affair. */
const EXPIRES_SOON_MS = 24 * 3_600_000;

/** A webhook as the health timer sees it. */
export interface WatchedWebhook {
  readonly registration: Registration;
  readonly health: WebhookHealth;
  readonly provider: Provider;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What is wrong with a webhook. Nothing is to be expected of one that is switched off. */
export function webhookFindings(webhook: WatchedWebhook): readonly Finding[] {
  if (webhook.registration.status === "inactive") return [];
  return [healthFinding, silenceFinding, refusalFinding, deadLetterFinding, leaseFinding, secretFinding].flatMap(
    (find) => find(webhook) ?? [],
  );
}

type Find = (webhook: WatchedWebhook) => Finding | undefined;

const healthFinding: Find = ({ registration, health }) => {
  const { status, failureCount, failureRate, windowMinutes, recommendations } = health;
  if (status === "healthy") return undefined;
  return {
    condition: "health",
    subject: subjectOf(registration),
    severity: status === "failed" && isCertain(registration, health) ? "critical" : "warning",
    cause: `The webhook is ${status}: ${failureCount} failures in a row, ${failureRate} % within ${windowMinutes} min.`,
    nextStep: recommendations.join(" ") || `See GET /webhooks/${registration.id}/health.`,
  };
};

/** A rate of few says little: on a quiet webhook one forged request is all that came. */
function isCertain({ status }: Registration, { counts, failureCount }: WebhookHealth): boolean {
  const failed = counts.refused + counts.syncFailed + counts.dead;
  return status === "failed" || failureCount >= LEAST_IN_ROW || failed >= LEAST_FOR_RATE;
}

const silenceFinding: Find = ({ registration, health: { silence, lastEventAt = "" }, provider, now }) => {
  if (silence?.isAlarming !== true) return undefined;
  const { usualSeconds, longestSeconds } = silence;
  const silentMs = now - Date.parse(lastEventAt);
  return {
    condition: "silent",
    subject: subjectOf(registration),
    severity: "warning",
    cause: `${silenceSentence({ silentMs, usualMs: usualSeconds * 1000, longestMs: longestSeconds * 1000 })}.`,
    nextStep: provider.hints.deliveries,
  };
};

const refusalFinding: Find = ({ registration, health: { counts, failureReasons, windowMinutes }, provider }) => {
  const refused = counts.refused + counts.throttled;
  const genuine = counts.accepted + counts.duplicate + counts.ignored + counts.handshake + counts.routed;
  const percent = Math.round((refused / Math.max(1, refused + genuine)) * 100);
  if (refused < LEAST_FOR_RATE || percent < REFUSED_PERCENT) return undefined;
  const reason = failureReasons.map((note) => note.reason).find(isRefusalReason);
  return {
    condition: "refused_rate",
    subject: subjectOf(registration),
    severity: genuine === 0 ? "critical" : "warning",
    cause: `${refused} of ${refused + genuine} deliveries were refused within ${windowMinutes} min (${reason ?? "unknown"}).`,
    nextStep: reason === undefined ? provider.hints.secret : refusalStep(reason, provider),
  };
};

const deadLetterFinding: Find = ({ registration, health: { deadLettersCount, failureReasons } }) => {
  if (deadLettersCount === 0) return undefined;
  const reason = failureReasons.map((note) => note.reason).find((code) => !isRefusalReason(code)) ?? "unknown";
  return {
    condition: "dead_letters",
    subject: subjectOf(registration),
    severity: "critical",
    cause: `${toDeadLetterWords(deadLettersCount)} were given up and wait to be replayed or discarded (${reason}).`,
    nextStep: "Mend the cause, then replay them: GET /dead-letters lists them with their reasons.",
  };
};

const leaseFinding: Find = ({ registration, provider, now }) => {
  const { state, reason, failingSince = "", expiresAt } = registration.provisioning ?? {};
  if (reason === undefined) return undefined;
  const endsSoon = expiresAt !== undefined && Date.parse(expiresAt) - now < EXPIRES_SOON_MS;
  const end = expiresAt === undefined ? "" : ` It stops to deliver at ${expiresAt}.`;
  return {
    condition: "lease_not_renewed",
    subject: subjectOf(registration),
    severity: state === "pending" || endsSoon ? "critical" : "warning",
    cause: `What we set up at ${provider.displayName} fails to be made or renewed since ${failingSince} (${reason}).${end}`,
    nextStep: provisioningStep(reason),
  };
};

const secretFinding: Find = ({ registration, health: { secret }, provider, now }) => {
  const { since = "", dueAt, rotatesItself, rotation } = secret ?? {};
  const about = { condition: "secret_due", subject: subjectOf(registration) } as const;
  if (rotation?.isAlarming === true) {
    const { previousLastUsedAt = "", deadline } = rotation;
    return {
      ...about,
      severity: "critical",
      cause: `${provider.displayName} still used the old secret at ${previousLastUsedAt}, which is refused from ${deadline} on.`,
      nextStep: `Let ${provider.displayName} use the new one: ${provider.hints.secret}`,
    };
  }
  if (dueAt === undefined || Date.parse(dueAt) > now || rotatesItself === true) return undefined;
  return {
    ...about,
    severity: "warning",
    cause: `The secret counts since ${since}, and was to be changed by ${dueAt}.`,
    nextStep: "POST /webhooks/{registrationId}/rotate-secret, which loses no delivery.",
  };
};

/** A connection whose credentials its provider refuses. */
export function connectionFinding(connection: Connection): Finding {
  const { integrationId, connectionId, statusReason = "unknown", statusChangedAt = "an unknown time" } = connection;
  return {
    condition: "connection_needs_reauth",
    subject: { kind: "connection", id: `${integrationId}/${connectionId}`, integrationId },
    severity: "critical",
    cause: `The provider refuses the credentials since ${statusChangedAt} (${statusReason}); records are not fetched.`,
    nextStep: `PUT /integrations/${integrationId}/connections/{connectionId} with new ones.`,
  };
}

/** What is wrong with the queue, as far as it tells. `now` in milliseconds since 1970. */
export function queueFindings(depth: QueueDepth, now: number): readonly Finding[] {
  const { active, deadLettered = 0 } = depth;
  const subject = { kind: "queue", id: "sync-events" } as const;
  const ageMs = queueAgeMs(depth, now) ?? 0;
  const oldest = active === undefined ? "The oldest message" : `The oldest of ${active} messages`;
  const waiting: Finding = {
    condition: "queue_age",
    subject,
    severity: ageMs >= QUEUE_AGE_CRITICAL_MS ? "critical" : "warning",
    cause: `${oldest} has waited for ${Math.floor(ageMs / 60_000)} min.`,
    nextStep: "See whether the drain runs, and what it waits for: the log has event.failed with the reason.",
  };
  const dead: Finding = {
    condition: "queue_dead_letters",
    subject,
    severity: "critical",
    cause: `${deadLettered} message(s) could not even be parked.`,
    nextStep: "Look for drain failures in the log; the messages are kept in the dead-letter queue.",
  };
  return [...(ageMs >= QUEUE_AGE_MS ? [waiting] : []), ...(deadLettered > 0 ? [dead] : [])];
}

/** Deliveries may be answered as ever while nothing comes of them. */
export const canaryFinding: Finding = {
  condition: "canary_late",
  subject: { kind: "service", id: "canary" },
  severity: "critical",
  cause: "None of the events of our own of the last five minutes came through.",
  nextStep: "See how far they come: the log has canary.sent or canary.not_sent, then event.failed with the reason.",
};

/** The conditions of the queue that {@link queueFindings} says nothing of, because the queue does not tell. */
export function untoldConditions({ oldestAt, deadLettered }: QueueDepth): readonly AlertCondition[] {
  return [
    ...(oldestAt === undefined ? (["queue_age"] as const) : []),
    ...(deadLettered === undefined ? (["queue_dead_letters"] as const) : []),
  ];
}

function subjectOf({ id, integrationId }: Registration): Finding["subject"] {
  return { kind: "webhook", id, integrationId };
}
