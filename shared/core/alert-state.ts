import {
  type Alert,
  alertConditions,
  alertIdOf,
  type AlertNote,
  type AlertOwner,
  alertSeverities,
  type AlertState,
  type Finding,
  type PastAlert,
} from "./alert";

/** Shorter than the time between two runs of the timer, so that what two in a row see has lasted. */
const OPENS_AFTER_MS = 4 * 60_000;
/** It takes three in a row to be over: what comes and goes is told once. */
const CLOSES_AFTER_MS = 9 * 60_000;
/** How long what is over is remembered, in seconds. */
const CLOSED_TTL = 30 * 86_400;

/** What a run of the timer makes of an alert. */
export interface AlertStep {
  /** The alert as it is to be kept; `undefined` where there is nothing to write. */
  readonly next?: Alert;
  /** The change to be told. */
  readonly note?: AlertNote;
}

/** What is known of a condition and what of it holds now; at least one of them. */
export interface AlertInput {
  readonly owner: AlertOwner;
  readonly known: Alert | undefined;
  readonly finding: Finding | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * The next state of an alert. The same input gives the same step, notes and their ids included, so that a run that died
 * before its result was written is simply repeated.
 */
export function advanceAlert({ owner, known, finding, now }: AlertInput): AlertStep {
  if (finding !== undefined)
    return known?.isLive === true ? goOn(known, finding, now) : begin(owner, known, finding, now);
  return known?.isLive === true ? fade(known, now) : {};
}

function begin(owner: AlertOwner, known: Alert | undefined, finding: Finding, now: number): AlertStep {
  const { condition, subject, severity, cause, nextStep } = finding;
  const at = toTime(now);
  const rising: Alert = {
    id: alertIdOf(finding),
    pk: owner.tenantKey,
    tenantId: owner.tenantId,
    schemaVersion: 1,
    condition,
    subject,
    severity,
    cause,
    nextStep,
    state: "rising",
    changedAt: at,
    since: at,
    serial: (known?.serial ?? 0) + 1,
    isLive: true,
    wasOpen: false,
    ...(known?.wasOpen === true && { past: pastOf(known) }),
  };
  return alertConditions[condition].isSteady ? open(rising, finding, now) : { next: rising };
}

function goOn(known: Alert, finding: Finding, now: number): AlertStep {
  if (known.state === "rising") return hasLasted(known, OPENS_AFTER_MS, now) ? open(known, finding, now) : {};
  const isWorse = rank(finding) > rank(known);
  // An open alert keeps the worst that it was: what goes to and fro between bad and worse is told once.
  const next = isWorse ? withFinding(known, finding) : known;
  if (isWorse) return { next: moved(next, "open", now), note: noteOf(next, "worsened", now) };
  return known.state === "falling" ? { next: moved(known, "open", now) } : {};
}

function fade(known: Alert, now: number): AlertStep {
  if (known.state === "rising")
    return { next: known.past ? restored(known, known.past, now) : moved(known, "closed", now) };
  const isOver = alertConditions[known.condition].isSteady || (known.state === "falling" && lasted(known, now));
  if (isOver) return { next: moved(known, "closed", now), note: noteOf(known, "closed", now) };
  return known.state === "open" ? { next: moved(known, "falling", now) } : {};
}

function lasted(known: Alert, now: number): boolean {
  return hasLasted(known, CLOSES_AFTER_MS, now);
}

function open({ past: _, ...rising }: Alert, finding: Finding, now: number): AlertStep {
  const next = { ...moved(withFinding(rising, finding), "open", now), wasOpen: true };
  return { next, note: noteOf(next, "opened", now) };
}

function withFinding(alert: Alert, { severity, cause, nextStep }: Finding): Alert {
  return { ...alert, severity, cause, nextStep };
}

function moved({ ttl: _, ...alert }: Alert, state: AlertState, now: number): Alert {
  const isLive = state !== "closed";
  return { ...alert, state, changedAt: toTime(now), isLive, ...(isLive ? {} : { ttl: CLOSED_TTL }) };
}

function pastOf({ severity, cause, nextStep, changedAt, since }: Alert): PastAlert {
  return { severity, cause, nextStep, changedAt, since };
}

/** What was not told leaves no trace: the alert is over since it was, and is forgotten when it would have been. */
function restored({ past: _, ...alert }: Alert, past: PastAlert, now: number): Alert {
  const seconds = Math.floor((now - Date.parse(past.changedAt)) / 1000);
  const ttl = Math.max(1, CLOSED_TTL - seconds);
  return { ...alert, ...past, state: "closed", isLive: false, wasOpen: true, ttl };
}

function noteOf(alert: Alert, change: AlertNote["change"], now: number): AlertNote {
  const { id, serial, condition, subject, severity, cause, nextStep, since } = alert;
  return { key: `${id}-${serial}`, change, at: toTime(now), since, condition, subject, severity, cause, nextStep };
}

function hasLasted({ changedAt }: Alert, ms: number, now: number): boolean {
  return now - Date.parse(changedAt) >= ms;
}

function rank({ severity }: Finding): number {
  return alertSeverities.indexOf(severity);
}

function toTime(ms: number): string {
  return new Date(ms).toISOString();
}
