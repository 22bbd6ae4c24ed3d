import { hash } from "node:crypto";
import {
  type AlertCondition,
  alertConditions,
  type AlertNote,
  type AlertSeverity,
  type AlertSubject,
  noteIdOf,
} from "./alert";

/** One incident in a message. */
export interface AlertEntry {
  /** The same in all messages about this incident. */
  readonly key: string;
  /** `passed`: it came and was over before it could be told. */
  readonly status: "open" | "recovered" | "passed";
  readonly condition: AlertCondition;
  readonly title: string;
  readonly severity: AlertSeverity;
  readonly subject: AlertSubject;
  readonly cause: string;
  readonly nextStep: string;
  /** ISO 8601. */
  readonly since: string;
  /** ISO 8601; when it was over. */
  readonly until?: string;
  /** The section of the documentation that says what to do. */
  readonly runbook: string;
  /** Where to look. */
  readonly dashboardUrl: string;
}

/** What a channel is told at once. */
export interface AlertMessage {
  /** The same when it is sent again. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  readonly entries: readonly AlertEntry[];
  /** Nothing is wrong: somebody wants to see whether it arrives. */
  readonly isTest?: true;
}

/** A message, and the notes that it tells. */
export interface Draft {
  readonly message: AlertMessage;
  readonly noteIds: ReadonlySet<string>;
}

/** More would not fit into what channels take, or take too many calls where each is a call of its own. */
const MOST_ENTRIES = 20;

/** What messages are made with. */
export interface DraftContext {
  readonly publicBaseUrl: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The first message that tells some of these notes: all of an incident together, in the order in which incidents began. */
export function draftMessage(notes: readonly AlertNote[], { publicBaseUrl, now }: DraftContext): Draft {
  const incidents = new Map<string, AlertNote[]>();
  for (const note of notes) incidents.set(note.key, [...(incidents.get(note.key) ?? []), note]);
  const told = [...incidents.values()].slice(0, MOST_ENTRIES);
  const noteIds = told.flat().map(noteIdOf);
  const entries = told.flatMap((incident) => toEntry(incident, publicBaseUrl) ?? []);
  return { message: { id: `alert_${digest(noteIds)}`, sentAt: now, entries }, noteIds: new Set(noteIds) };
}

/** A message that says that there is none, for a new channel. */
export function draftTest({ publicBaseUrl, now }: DraftContext, id: string): AlertMessage {
  const at = new Date(now).toISOString();
  const entry: AlertEntry = {
    key: `test-${id}`,
    status: "open",
    condition: "health",
    title: "Test message",
    severity: "warning",
    subject: { kind: "webhook", id: "test" },
    cause: "Somebody asked for a test of this channel.",
    nextStep: "None: the channel works.",
    since: at,
    runbook: runbookOf("health"),
    dashboardUrl: `${publicBaseUrl}/dashboard`,
  };
  return { id: `alert_test_${id}`, sentAt: now, entries: [entry], isTest: true };
}

/** Where the documentation says what to do about a condition; a test holds it true. */
export function runbookOf(condition: AlertCondition): string {
  return `docs/operations.md#alert-${condition.replaceAll("_", "-")}`;
}

function toEntry(incident: readonly AlertNote[], publicBaseUrl: string): AlertEntry | undefined {
  const last = incident.at(-1);
  if (last === undefined) return undefined;
  const { key, condition, subject, severity, cause, nextStep, since, change, at } = last;
  const status =
    change !== "closed" ? "open" : incident.some((note) => note.change === "opened") ? "passed" : "recovered";
  return {
    key,
    status,
    condition,
    title: alertConditions[condition].title,
    severity,
    subject,
    cause,
    nextStep,
    since,
    ...(change === "closed" ? { until: at } : {}),
    runbook: runbookOf(condition),
    dashboardUrl: `${publicBaseUrl}/dashboard${subject.kind === "webhook" ? `#/webhooks/${subject.id}` : ""}`,
  };
}

function digest(ids: readonly string[]): string {
  return hash("sha256", JSON.stringify(ids), "hex").slice(0, 32);
}

/** What people read first: `2 open, 1 recovered`. */
export function headlineOf({ entries }: AlertMessage): string {
  const [first] = entries;
  if (first !== undefined && entries.length === 1) return `${statusWord(first)}: ${first.title} (${first.subject.id})`;
  const statuses = ["open", "recovered", "passed"] as const;
  const counts = statuses.map((status) => [entries.filter((entry) => entry.status === status).length, status] as const);
  return `Castiel Webhooks: ${counts.flatMap(([count, status]) => (count > 0 ? `${count} ${status}` : [])).join(", ")}`;
}

/** The state of an incident in a word or two, as a heading. */
export function statusWord({ status, severity }: AlertEntry): string {
  if (status === "open") return severity === "critical" ? "Critical" : "Warning";
  return status === "recovered" ? "Recovered" : "Came and went";
}

/** The lines under a heading, without markup. Nothing is to be done about what is over. */
export function linesOf({ status, subject, cause, nextStep, since, until }: AlertEntry): readonly string[] {
  const about = subject.integrationId === undefined ? subject.id : `${subject.integrationId}: ${subject.id}`;
  const time = until === undefined ? `Since ${since}` : `From ${since} to ${until}`;
  return [about, `${status === "open" ? "" : "Was: "}${cause}`, ...(status === "open" ? [nextStep] : []), time];
}
