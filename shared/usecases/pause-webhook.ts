import type { Actor, AuditEntry } from "../core/audit";
import { WebhookError } from "../core/errors";
import type { Pause } from "../core/pause";
import type { Registration } from "../core/registration";
import { providerNamed } from "./provider-of";
import { recordWebhookChange } from "./record-webhook-change";
import { type RegistrationView, toRegistrationView } from "./registration-view";
import { type OwnKey, requireChangeable } from "./require-own";
import { toResumeMessage } from "./resume-message";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/**
 * From now on deliveries are taken and held; on other instances, within 30 seconds.
 * @throws {WebhookError} `registration_not_found`, `forbidden`, `invalid_request` for a shared webhook, `store_unavailable`
 */
export async function pauseWebhook(services: Services, key: OwnKey, by: string): Promise<RegistrationView> {
  const registration = await requireChangeable(services, key);
  if (registration.routing !== undefined) throw isShared();
  return toRegistrationView(services, await pause(services, registration, by));
}

/**
 * Queues what was held, in the order of receipt; what comes meanwhile waits behind it. Asked again, it makes sure that this
 * goes on.
 * @throws {WebhookError} `registration_not_found`, `forbidden`, `store_unavailable`, `queue_unavailable`
 */
export async function resumeWebhook(services: Services, key: OwnKey): Promise<RegistrationView> {
  return toRegistrationView(services, await resume(services, await requireChangeable(services, key)));
}

/** What became of the webhooks of an integration. */
export interface IntegrationPause {
  readonly integrationId: string;
  /** How many were paused or resumed. */
  readonly webhooks: number;
}

/** Which integration, of whom. */
export interface IntegrationKey {
  readonly tenantId: string;
  readonly integrationId: string;
}

/**
 * Pauses all webhooks that the tenant has of an integration now, shared ones aside. One that fails leaves those before it
 * paused: ask again.
 * @throws {WebhookError} `unknown_integration`, `store_unavailable`
 */
export async function pauseIntegration(services: Services, key: IntegrationKey, by: Actor): Promise<IntegrationPause> {
  const change = (registration: Registration) => pause(services, registration, by.subject);
  return forEachWebhook(services, key, { action: "pause-integration", by, change });
}

/** @throws {WebhookError} `unknown_integration`, `store_unavailable`, `queue_unavailable` */
export async function resumeIntegration(services: Services, key: IntegrationKey, by: Actor): Promise<IntegrationPause> {
  const change = (registration: Registration) => letGo(services, registration);
  const afterwards = (registration: Registration) => queueResumption(services, registration);
  return forEachWebhook(services, key, { action: "resume-integration", by, change, afterwards });
}

interface WebhookStep extends Pick<AuditEntry, "action" | "by"> {
  /** Answers the same object where there is nothing to change. */
  readonly change: (registration: Registration) => Promise<Registration>;
  /** What may fail once a change is made, and so comes after its entry in the audit log. */
  readonly afterwards?: (changed: Registration) => Promise<void>;
}

async function forEachWebhook(
  services: Services,
  { tenantId, integrationId }: IntegrationKey,
  { action, by, change, afterwards }: WebhookStep,
): Promise<IntegrationPause> {
  providerNamed(services, integrationId);
  let webhooks = 0;
  for await (const before of services.registrations.listAll(tenantOf(services, tenantId))) {
    if (before.integrationId !== integrationId || before.routing !== undefined) continue;
    const after = await change(before);
    if (after === before) continue;
    await recordWebhookChange(services, { action, by, before, after });
    await afterwards?.(after);
    webhooks++;
  }
  return { integrationId, webhooks };
}

/** The same object where it is paused already. */
async function pause(services: Services, registration: Registration, by: string): Promise<Registration> {
  if (registration.pause?.state === "paused") return registration;
  const paused: Pause = { state: "paused", since: new Date(services.now()).toISOString(), by };
  services.log("info", "webhook.paused", { registrationId: registration.id, by });
  // What is held since before it was to be resumed is as old as it was.
  return change(services, registration.id, (current) => ({
    ...current,
    pause: current.pause ? { ...current.pause, state: "paused" } : paused,
  }));
}

/**
 * Asks for a resumption once more. Somebody may have paused the webhook again meanwhile: then it stays paused, and the
 * message does nothing.
 * @throws {WebhookError} `queue_unavailable`, `store_unavailable`
 */
export async function resumeAnew(services: Services, registration: Registration): Promise<void> {
  await queueResumption(services, registration);
  await change(services, registration.id, (current) =>
    current.pause?.state === "resuming" ? resuming(services, current, current.pause) : current,
  );
}

function resuming({ now }: Services, registration: Registration, pause: Pause): Registration {
  return { ...registration, pause: { ...pause, state: "resuming", resumedAt: new Date(now()).toISOString() } };
}

async function resume(services: Services, registration: Registration): Promise<Registration> {
  const resumed = await letGo(services, registration);
  if (resumed !== registration) await queueResumption(services, resumed);
  return resumed;
}

/** The same object where it is not paused. */
async function letGo(services: Services, registration: Registration): Promise<Registration> {
  if (registration.pause === undefined) return registration;
  const resumed = await change(services, registration.id, (current) =>
    current.pause ? resuming(services, current, current.pause) : current,
  );
  services.log("info", "webhook.resumed", { registrationId: registration.id });
  return resumed;
}

async function queueResumption(services: Services, registration: Registration): Promise<void> {
  await services.queue.send([toResumeMessage(services, registration)]);
}

async function change(
  services: Services,
  registrationId: string,
  how: (current: Registration) => Registration,
): Promise<Registration> {
  const changed = await services.registrations.update(registrationId, how);
  services.cache.forget(registrationId);
  if (!changed) throw new WebhookError("registration_not_found");
  return changed;
}

function isShared(): WebhookError {
  const message = "is shared: pause the webhooks that its routes lead to";
  return new WebhookError("invalid_request", { problems: [{ path: "", message }] });
}
