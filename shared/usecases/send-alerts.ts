import { type AlertNote, noteIdOf } from "../core/alert";
import { type AlertChannel, sendable } from "../core/alert-channel";
import { draftMessage } from "../core/alert-message";
import { AlertNotTaken } from "../core/alert-sender";
import { backOffMs, WITHOUT_CHANCE } from "../core/back-off";
import { isWebhookError } from "../core/errors";
import { NEVER } from "../core/due";
import { openTarget } from "./channel-target";
import { serveDue } from "./serve-due";
import type { Services } from "./services";

/** What a run of the timer did. */
export interface SendingRun {
  readonly due: number;
  readonly failed: number;
}

/** A minute after the first failure, then less and less often, an hour at most. */
const RETRY = { backoffSeconds: 60 } as const;
/** A change that no channel took for a day is no news any more. */
const GIVE_UP_MS = 24 * 3_600_000;

/** Tells what waits in the channels that are due, of all tenants. */
export async function sendAlerts(services: Services): Promise<SendingRun> {
  const run = { due: 0, failed: 0 };
  await serveDue(services.alertChannels.listDue(services.now()), async (channel) => {
    run.due++;
    if (!(await serve(services, channel))) run.failed++;
  });
  return run;
}

/** False if the channel did not take what waits. */
async function serve(services: Services, channel: AlertChannel): Promise<boolean> {
  let waiting = sendable(channel, services.now());
  while (waiting.length > 0) {
    const { rules, now } = services;
    const { message, noteIds } = draftMessage(waiting, { publicBaseUrl: rules.publicBaseUrl, now: now() });
    try {
      await services.alertSender.send(await openTarget(services, channel), message);
    } catch (error) {
      await noteFailure(services, channel, { waiting, error });
      return false;
    }
    await noteDelivery(services, channel, noteIds);
    waiting = waiting.filter((note) => !noteIds.has(noteIdOf(note)));
  }
  return true;
}

async function noteDelivery(services: Services, channel: AlertChannel, noteIds: ReadonlySet<string>): Promise<void> {
  const lastDeliveredAt = new Date(services.now()).toISOString();
  await services.alertChannels.update(channel, (current) => {
    if (current === undefined) return undefined;
    const pending = current.pending.filter((note) => !noteIds.has(noteIdOf(note)));
    // What waits for the end of quiet hours is looked at by each run.
    const dueAt = pending.length === 0 ? NEVER : current.dueAt;
    return { ...current, pending, dueAt, failures: 0, lastDeliveredAt };
  });
  services.log("info", "alert.told", { channelId: channel.channelId, changes: noteIds.size });
}

interface Failure {
  readonly waiting: readonly AlertNote[];
  readonly error: unknown;
}

async function noteFailure(services: Services, channel: AlertChannel, { waiting, error }: Failure): Promise<void> {
  const now = services.now();
  const reason = reasonOf(error);
  const askedFor = error instanceof AlertNotTaken ? error.retryAt : undefined;
  const givenUp = new Set(waiting.filter(({ at }) => now - Date.parse(at) >= GIVE_UP_MS).map(noteIdOf));
  const { channelId, kind } = channel;
  await services.alertChannels.update(channel, (current) => {
    if (current === undefined) return undefined;
    const pending = current.pending.filter((note) => !givenUp.has(noteIdOf(note)));
    const retryAt = askedFor ?? now + backOffMs(RETRY, current.failures, WITHOUT_CHANCE);
    return {
      ...current,
      pending,
      dueAt: pending.length === 0 ? NEVER : retryAt,
      failures: current.failures + 1,
      lastFailure: { at: new Date(now).toISOString(), reason },
      lost: current.lost + current.pending.length - pending.length,
    };
  });
  services.log("warn", "alert.not_told", { channelId, kind, reason });
  if (givenUp.size > 0) services.log("error", "alert.given_up", { channelId, kind, changes: givenUp.size });
}

/** A code; anything that was not expected is told by its type alone, since its text may hold anything. */
export function reasonOf(error: unknown): string {
  if (error instanceof AlertNotTaken) return error.reason;
  if (isWebhookError(error)) return error.code;
  return error instanceof Error ? error.name : "unknown";
}
