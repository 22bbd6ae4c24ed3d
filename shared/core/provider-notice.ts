import type { Tally } from "./tally";

/** Hours, in milliseconds. */
const HOUR_MS = 3_600_000;

/** What a notice says to the owner, and how long it says it. */
interface Notice {
  /** After the provider's name. */
  readonly sentence: string;
  /** In milliseconds; absent where the next delivery takes it back, because it shows that the provider sends again. */
  readonly lastsMs?: number;
}

/** What a provider tells about the webhook or its connection itself, for the health of the webhook. */
export const providerNotices = {
  hook_deleted: { sentence: "says that this webhook was deleted there: create it anew, or delete it here." },
  app_uninstalled: { sentence: "says that the app was uninstalled: install it anew, or delete this webhook." },
  app_suspended: {
    sentence: "says that the installation of the app was suspended and sends nothing: unsuspend it there.",
  },
  authorization_revoked: {
    sentence: "says that a user's authorisation of the app was revoked: check the connection's credentials.",
    lastsMs: 7 * 24 * HOUR_MS,
  },
  tokens_revoked: {
    sentence: "says that tokens of the app were revoked: check the connection's credentials.",
    lastsMs: 7 * 24 * HOUR_MS,
  },
  events_dropped: {
    sentence:
      "limits the rate of this app's events and drops the rest: narrow the events, and read anew what is missing.",
    lastsMs: HOUR_MS,
  },
  subscription_suspended: {
    sentence: "says that a subscription was suspended: resolve its error and reactivate it.",
    lastsMs: 7 * 24 * HOUR_MS,
  },
  subscription_expiring: { sentence: "says that a subscription is about to expire: renew it.", lastsMs: 12 * HOUR_MS },
  subscription_expired: {
    sentence: "says that a subscription has expired: create it anew, and read anew what is missing.",
    lastsMs: 7 * 24 * HOUR_MS,
  },
} as const satisfies Record<string, Notice>;

/** A key of {@link providerNotices}. */
export type NoticeName = keyof typeof providerNotices;

/** How often a provider gave a notice, and when last. */
export type NoticeRecord = Tally;

/** Notices by name; one that was never given is absent. */
export type NoticeRecords = Readonly<Partial<Record<NoticeName, NoticeRecord>>>;

/** The notices that still hold at `now`, in milliseconds, each with its record. */
export function activeNotices(
  records: NoticeRecords,
  { now, lastEventAt }: { readonly now: number; readonly lastEventAt: string | undefined },
): readonly (readonly [NoticeName, NoticeRecord])[] {
  return noticeNames.flatMap((name) => {
    const record = records[name];
    if (record === undefined) return [];
    const { lastsMs }: Notice = providerNotices[name];
    const holds =
      lastsMs === undefined ? (lastEventAt ?? "") <= record.lastAt : now - Date.parse(record.lastAt) < lastsMs;
    return holds ? [[name, record] as const] : [];
  });
}

/** The names in their order; the keys of a constant object are the keys of its type. */
const noticeNames = Object.keys(providerNotices) as readonly NoticeName[];
