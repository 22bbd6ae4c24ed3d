import { hash } from "node:crypto";
import { newestFirst } from "./newest-first";
import type { Document } from "./ports";
import type { SyncTask } from "./sync-task";

/**
 * Why events may be missing: the webhook was silent for longer than usual; we answered 503; its hook or subscription at
 * the provider had expired; the provider dropped events; or a person thinks so.
 */
export const repairCauses = ["silence", "outage", "expired", "overflow", "manual"] as const;

/** One of {@link repairCauses}. */
export type RepairCause = (typeof repairCauses)[number];

/** A time within which events may be missing. */
export interface Gap {
  readonly cause: RepairCause;
  /** ISO 8601. */
  readonly since: string;
  readonly until: string;
}

/** A time, in ISO 8601. */
interface Span {
  readonly since: string;
  readonly until: string;
}

/** Which gaps of a webhook were looked after, so that each is repaired once. */
export interface GapWatch {
  /** The alarming silence that lasts: since the last delivery, and until when it was repaired. */
  readonly silence?: Span;
  /** The outage of ours that is not over yet. */
  readonly outage?: Span;
  /** ISO 8601: when a hook at the provider expired that is not renewed yet. */
  readonly expiredAt?: string;
  /** ISO 8601: outages up to then were repaired. */
  readonly outagesUntil?: string;
  /** ISO 8601: what the provider said up to then of events that it dropped was repaired. */
  readonly droppedUntil?: string;
}

/** What stands for the deliveries themselves among the parts of a repair; the others are entity types. */
export const DELIVERIES = "deliveries";

/** One sync task of a repair, and what came of it so far. */
export interface RepairPart {
  /** An entity type whose records are read, or {@link DELIVERIES}. */
  readonly of: string;
  readonly taskId: string;
  readonly status: SyncTask["status"];
  /** What the provider sent or changed within the window, as far as it tells. */
  readonly sent: number;
  /** Those that were here already. */
  readonly present: number;
  /** Those that were brought up to date or asked for again. */
  readonly repaired: number;
  readonly failed: number;
  /** ISO 8601: the provider sends everything again from then on, and does not tell what. */
  readonly rewoundTo?: string;
  /** Why it failed or waits; a code. */
  readonly reason?: string;
}

/** `incomplete`: a part of it failed. */
export const repairStatuses = ["running", "completed", "incomplete", "failed"] as const;

/** The repair of a gap, and its report. Partition: the tenant key. Ids sort newest window first. */
export interface Repair extends Document, Gap {
  readonly registrationId: string;
  readonly integrationId: string;
  readonly connectionId: string;
  readonly status: (typeof repairStatuses)[number];
  /** In the provider's words, where the webhook may be set up: repositories, organisations, subscriptions. */
  readonly scopes: readonly string[];
  /** What to read where the deliveries are not to be had again. */
  readonly fallback: readonly string[];
  readonly parts: readonly RepairPart[];
  /** Why there is nothing that could be done; a code. */
  readonly reason?: string;
  readonly requestedAt: string;
  readonly finishedAt?: string;
}

/** A repair that ended, as its webhook remembers it. */
export interface RepairNote extends Gap {
  readonly status: Exclude<Repair["status"], "running">;
  /** ISO 8601. */
  readonly finishedAt: string;
}

const TOLD_FOR_MS = 7 * 86_400_000;

/** What the owner has to know of the last repair; nothing where it was whole, or is long ago. */
export function repairAdvice(note: RepairNote | undefined, now: number): readonly string[] {
  if (note === undefined || note.status === "completed" || now - Date.parse(note.finishedAt) > TOLD_FOR_MS) return [];
  const { cause, since, until, status } = note;
  const what = status === "failed" ? "could not be repaired" : "was repaired in part";
  return [
    `Events may be missing between ${since} and ${until} (${cause}), and the gap ${what}: GET /webhooks/{registrationId}/repairs says why.`,
  ];
}

/**
 * The id of the repair of a gap. That of a gap which the timer found is the same whenever it is found again; `name` tells
 * those apart that somebody asks for.
 */
export function repairIdOf(registrationId: string, { cause, since }: Gap, name = ""): string {
  const digest = hash("sha256", JSON.stringify([registrationId, cause, name]), "hex");
  return `repair-${newestFirst(since)}-${digest.slice(0, 32)}`;
}

/** The id of the sync task of a part: the same, whoever starts it. */
export function partTaskIdOf(repairId: string, requestedAt: string, of: string): string {
  const digest = hash("sha256", JSON.stringify([repairId, of]), "hex");
  return `task-${newestFirst(requestedAt)}-${digest.slice(0, 32)}`;
}

/** A part that nobody has begun. */
export function newPart(of: string, taskId: string): RepairPart {
  return { of, taskId, status: "queued", sent: 0, present: 0, repaired: 0, failed: 0 };
}

/** The part as its task says. */
export function partOfTask(part: RepairPart, { status: known, givenUp, reason, progress }: SyncTask): RepairPart {
  const { records = 0, present = 0, repaired = 0, failures = {}, rewoundTo } = progress ?? {};
  // A failure that is not the last word is a wait for the next attempt.
  const status = known === "failed" && givenUp !== true ? "waiting" : known;
  const failed = Object.values(failures).reduce((sum, times) => sum + times, 0);
  const { of, taskId } = part;
  return {
    ...{ of, taskId, status, sent: records, present, repaired, failed },
    ...(rewoundTo === undefined ? {} : { rewoundTo }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** What a repair reports. */
export type RepairCounts = Pick<RepairPart, "sent" | "present" | "repaired" | "failed">;

/** The sums of all parts. */
export function countsOf(parts: readonly RepairPart[]): RepairCounts {
  const sum = (field: keyof RepairCounts): number => parts.reduce((total, part) => total + part[field], 0);
  return { sent: sum("sent"), present: sum("present"), repaired: sum("repaired"), failed: sum("failed") };
}

/** What the parts come to together. */
export function repairStatusOf(parts: readonly RepairPart[]): Repair["status"] {
  if (parts.some(({ status }) => status !== "completed" && status !== "failed")) return "running";
  const failed = parts.filter((part) => part.status === "failed").length;
  if (failed === parts.length) return "failed";
  return failed > 0 || parts.some((part) => part.failed > 0) ? "incomplete" : "completed";
}
