import type { Registration } from "../core/registration";
import { putOffWork } from "./put-off-work";
import { FRESH_MS } from "./registration-cache";
import { messageOfResume, type ResumeMessage, type ResumeWork } from "./resume-message";
import type { Services } from "./services";

const EVENTS_A_PAGE = 50;
/** An instance may go by an old copy of the registration for 30 seconds, and hold what comes to it. */
const SWEEP_AFTER_MS = FRESH_MS + 10_000;

/**
 * Queues a page of what was held and asks for the next one. Returns once the message may be completed: done, put off by a
 * scheduled copy, or given up after an outage of seven days, when everything is still held and `resume` begins anew.
 * @throws {WebhookError} `queue_unavailable`
 */
export async function drainHeld(services: Services, message: ResumeMessage): Promise<void> {
  try {
    await queuePage(services, message.data);
  } catch (error) {
    const { attempts, reason, counts } = await putOffWork(services, message, error);
    const { registrationId } = message.data;
    services.log("warn", "resume.failed", { registrationId, reason, attempts, outage: !counts });
  }
}

/** Killed half-way it queues again what is still held, under the same ids; what the queue no longer knows, its record does. */
async function queuePage(services: Services, work: ResumeWork): Promise<void> {
  const { tenantId, registrationId, resumeId } = work;
  const registration = (await services.registrations.find(registrationId))?.value;
  // Somebody has paused it again meanwhile.
  if (registration?.pause?.state === "paused") return;
  const { heldEvents, queue } = services;
  const held = await heldEvents.oldest(tenantId, registrationId, EVENTS_A_PAGE);
  if (held.length === 0) return finish(services, work, registration);
  const resumedat = new Date(services.now()).toISOString();
  await queue.send(
    held.map(({ message: { messageId, body } }) => ({
      messageId: `${messageId}~${resumeId}`,
      body: { ...body, resumedat },
    })),
  );
  await Promise.all(held.map((event) => heldEvents.release(event)));
  await queue.send([messageOfResume(nextOf(services, work))]);
}

/** Nothing is held: what comes goes to the queue again, and one look later is for what was held by then elsewhere. */
async function finish(services: Services, work: ResumeWork, registration: Registration | undefined): Promise<void> {
  const { registrationId } = work;
  if (registration?.pause) {
    await services.registrations.update(registrationId, ({ pause, ...current }) =>
      pause?.state === "paused" ? { ...current, pause } : current,
    );
    services.cache.forget(registrationId);
  }
  if (work.isSweep) return services.heldEvents.forgetCount(registrationId);
  const sweep = { ...nextOf(services, work), isSweep: true } as const;
  await services.queue.schedule(messageOfResume(sweep), services.now() + SWEEP_AFTER_MS);
}

function nextOf({ now }: Services, work: ResumeWork): ResumeWork {
  return { ...work, round: work.round + 1, requestedAt: new Date(now()).toISOString() };
}
