import { type AlertCondition, alertConditions, type AlertNote, noteIdOf } from "./alert";
import type { Document } from "./ports";
import { isQuiet, type QuietHours } from "./quiet-hours";

/** Where a channel's messages go: what its document must not hold, because whoever knows it can write there. */
export type ChannelTarget =
  | { readonly kind: "slack" | "teams"; readonly url: string }
  | { readonly kind: "pagerduty"; readonly routingKey: string; readonly region?: "us" | "eu" }
  | { readonly kind: "email"; readonly to: readonly string[] }
  /** `secret` signs by Standard Webhooks: `whsec_…`. */
  | { readonly kind: "webhook"; readonly url: string; readonly secret: string };

/** The kinds of channels. */
export const channelKinds = [
  "slack",
  "teams",
  "pagerduty",
  "email",
  "webhook",
] as const satisfies readonly ChannelTarget["kind"][];

/** One of {@link channelKinds}. */
export type ChannelKind = (typeof channelKinds)[number];

/** What its owner says about a channel, but for where it leads. */
export interface ChannelSettings {
  /** Absent: all that concern its owner. */
  readonly conditions?: readonly AlertCondition[];
  /** Absent: all. */
  readonly integrations?: readonly string[];
  /** Registration ids; absent: all, and what concerns no webhook too. */
  readonly webhooks?: readonly string[];
  readonly quietHours?: QuietHours;
  /** For how long changes are gathered into one message, from the first of them. */
  readonly groupSeconds: number;
  /** It is told what concerns the service as a whole, and nothing else. Set by operators alone. */
  readonly isService: boolean;
}

/**
 * A channel, what waits to be told there, and how that goes. All are in one partition, so that the timer finds in one query
 * what is due.
 */
export interface AlertChannel extends Document, ChannelSettings {
  /** The tenant's own name for it. */
  readonly channelId: string;
  readonly kind: ChannelKind;
  /** Where the target is in the secret store, as JSON. */
  readonly secretName: string;
  readonly secretVersion: string;
  /** In the order in which they happened. */
  readonly pending: readonly AlertNote[];
  /** Milliseconds since 1970; when there is something to do. */
  readonly dueAt: number;
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** ISO 8601. */
  readonly lastDeliveredAt?: string;
  readonly lastFailure?: { readonly at: string; readonly reason: string };
  /** Changes that were given up. */
  readonly lost: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A channel that is out for long keeps the newest; a document has its limit. */
const MAX_PENDING = 500;

/** True for a change that the channel is told. */
export function wants(channel: ChannelSettings, { condition, subject }: AlertNote): boolean {
  const isOwn = (alertConditions[condition].audience === "operator") === channel.isService;
  const isListed = (list: readonly string[] | undefined, entry: string | undefined): boolean =>
    list === undefined || (entry !== undefined && list.includes(entry));
  return (
    isOwn &&
    isListed(channel.conditions, condition) &&
    isListed(channel.integrations, subject.integrationId) &&
    isListed(channel.webhooks, subject.kind === "webhook" ? subject.id : undefined)
  );
}

/** The channel with these notes to tell; those that wait there already are not added again. */
export function withNotes(channel: AlertChannel, notes: readonly AlertNote[], now: number): AlertChannel {
  const known = new Set(channel.pending.map(noteIdOf));
  const fresh = notes.filter((note) => !known.has(noteIdOf(note)));
  if (fresh.length === 0) return channel;
  const pending = [...channel.pending, ...fresh];
  const kept = pending.slice(-MAX_PENDING);
  const dueAt = channel.pending.length === 0 ? now + channel.groupSeconds * 1000 : channel.dueAt;
  return { ...channel, pending: kept, dueAt, lost: channel.lost + pending.length - kept.length };
}

/** What may be told now: all of it, or in quiet hours what is exempt from them. */
export function sendable({ pending, quietHours }: AlertChannel, now: number): readonly AlertNote[] {
  if (quietHours === undefined || !isQuiet(quietHours, now)) return pending;
  return pending.filter(({ severity }) => quietHours.exempt?.includes(severity));
}
