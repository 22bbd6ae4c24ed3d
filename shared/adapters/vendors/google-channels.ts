import { textAt } from "../../core/json";
import type { OutboundReply } from "../../core/outbound";
import type { HookOrder, HookPlace, HookRequest, HookTarget, ProviderHook } from "../../core/provider-hook";
import { unknownAnswer, unsupported } from "./failures";
import { callGoogle, demandDone, demandRemoved } from "./google-call";
import type { HookSession, MadeHook } from "./vendor-hooks";

/**
 * Notification channels of Calendar and Drive ("Push notifications" of each API). A channel cannot be changed or renewed: a
 * new one takes its place. Its id is ours, the webhook's and a serial number; its token is the webhook's secret. Stopping
 * one takes the id of the watched resource too, which is the same for all channels on it.
 */
const DAY_MS = 86_400_000;
const TAKEN = "channelIdNotUnique";
/** Each of them is an answer that we never got. */
const MOST_TAKEN = 5;

/** What is watched and for how long at most, in milliseconds; longer wishes are cut down (Drive, "Push notifications"). */
interface Watched {
  readonly path: string;
  readonly lifetimeMs: number;
  readonly query?: Readonly<Record<string, string | undefined>>;
}

/** Opens a channel, and stops earlier ones of which we did not learn that they had been opened. */
export async function putChannel(context: HookSession, order: HookOrder): Promise<MadeHook> {
  const { request, serial: first } = order;
  for (let serial = first; ; serial++) {
    const opened = await open(context, request, serial);
    const isTaken = context.api.errorCodeOf(opened) === TAKEN && serial - first < MOST_TAKEN;
    if (isTaken) continue;
    const made = madeOf(context, request, { serial, opened });
    for (let earlier = first; earlier < serial; earlier++) {
      await stop(context, request.target, { id: channelId(request, earlier), resourceId: made.resourceId });
    }
    return made;
  }
}

/**
 * Stops a channel. One of which nothing is known but that it was begun cannot be stopped: it ends by itself, and what it
 * delivers until then is nobody's.
 */
export async function stopChannel(context: HookSession, { target }: HookPlace, hook: ProviderHook): Promise<void> {
  if (hook.id !== undefined) await stop(context, target, { id: hook.id, resourceId: hook.resourceId });
}

async function open(context: HookSession, request: HookRequest, serial: number): Promise<OutboundReply> {
  const { path, lifetimeMs, query = {} } = await watchedBy(context, request.target);
  const json = {
    id: channelId(request, serial),
    type: "web_hook",
    address: request.webhookUrl,
    token: request.secret,
    expiration: String(context.now + lifetimeMs),
  };
  return callGoogle(context, { service: "www", method: "POST", path: `${path}/watch`, query, json });
}

function channelId({ registrationId }: HookPlace, serial: number): string {
  return `${registrationId}-${serial}`;
}

async function watchedBy(context: HookSession, target: HookTarget): Promise<Watched> {
  switch (target.kind) {
    case "calendar":
      return {
        path: `/calendar/v3/calendars/${encodeURIComponent(target.calendarId)}/events`,
        lifetimeMs: 7 * DAY_MS,
      };
    case "drive_file":
      return {
        path: `/drive/v3/files/${encodeURIComponent(target.fileId)}`,
        lifetimeMs: DAY_MS,
        query: { supportsAllDrives: "true" },
      };
    case "drive_changes": {
      const query = { supportsAllDrives: "true" };
      const reply = await callGoogle(context, { service: "www", path: "/drive/v3/changes/startPageToken", query });
      const pageToken = textAt(demandDone(context, reply).json, "startPageToken");
      const everything = { ...query, includeItemsFromAllDrives: "true", pageToken };
      return { path: "/drive/v3/changes", lifetimeMs: 7 * DAY_MS, query: everything };
    }
    default:
      throw unsupported();
  }
}

function madeOf(
  context: HookSession,
  request: HookPlace,
  { serial, opened }: { readonly serial: number; readonly opened: OutboundReply },
): MadeHook & { readonly resourceId: string } {
  const { json } = demandDone(context, opened);
  const [resourceId, expiration] = [textAt(json, "resourceId"), Number(textAt(json, "expiration"))];
  if (resourceId === undefined || !Number.isFinite(expiration)) throw unknownAnswer(context.api, opened);
  return { id: channelId(request, serial), serial, resourceId, expiresAt: new Date(expiration).toISOString() };
}

async function stop(
  context: HookSession,
  target: HookTarget,
  channel: { readonly id: string; readonly resourceId: string | undefined },
): Promise<void> {
  const path = target.kind === "calendar" ? "/calendar/v3/channels/stop" : "/drive/v3/channels/stop";
  demandRemoved(context, await callGoogle(context, { service: "www", method: "POST", path, json: channel }));
}
