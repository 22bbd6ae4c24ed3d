import { type Alert, alertIdOf, type AlertNote, type AlertOwner, type Finding, serviceOwner } from "../core/alert";
import { type AlertChannel, wants, withNotes } from "../core/alert-channel";
import { canaryFinding, connectionFinding, queueFindings, untoldConditions } from "../core/alert-findings";
import { type AlertStep, advanceAlert } from "../core/alert-state";
import type { QueueDepth } from "../core/ports";
import { queueAgeMs } from "../core/queue-age";
import { canaryHealth } from "./canary-health";
import type { Services } from "./services";

/** What was found out about a tenant's webhooks. */
export interface WatchedWebhooks {
  readonly findings: readonly Finding[];
  /** Ids of those that could not be looked at. */
  readonly unseen: ReadonlySet<string>;
}

/**
 * Holds what is wrong with a tenant's webhooks, and with its connections, against what was wrong before. What could not be
 * looked at is neither better nor worse for it.
 */
export async function evaluateTenant(
  services: Services,
  owner: AlertOwner,
  { findings: webhooks, unseen }: WatchedWebhooks,
): Promise<void> {
  const findings = [...webhooks];
  for await (const connection of services.connections.listRefused(owner)) findings.push(connectionFinding(connection));
  await evaluate(services, owner, findings, ({ subject }) => subject.kind === "webhook" && unseen.has(subject.id));
}

/** Does the same for the service as a whole. What the queue does not tell just now is neither better nor worse for it. */
export async function evaluateService(services: Services): Promise<void> {
  const depth = (await services.queue.depth()) ?? {};
  noteQueue(services, depth);
  const untold = untoldConditions(depth);
  const isCanaryLate = (await canaryHealth(services))?.status === "late";
  const findings = [...queueFindings(depth, services.now()), ...(isCanaryLate ? [canaryFinding] : [])];
  await evaluate(services, serviceOwner, findings, ({ condition }) => untold.includes(condition));
}

/** What the queue tells, for those who go by the log: alert rules and the workbook. */
function noteQueue({ now, log }: Services, depth: QueueDepth): void {
  const { active, scheduled, deadLettered } = depth;
  const ageMs = queueAgeMs(depth, now());
  const oldestSeconds = ageMs === undefined ? undefined : Math.floor(ageMs / 1000);
  log("info", "queue.observed", { oldestSeconds, active, scheduled, deadLettered });
}

/** True for an alert of which this run can say nothing. */
type IsUntold = (alert: Alert) => boolean;

/**
 * Changes go to the channels first and are noted afterwards. A run that dies in between is repeated by the next one, which
 * makes the same notes: a channel that still has them is not told twice.
 */
async function evaluate(
  services: Services,
  owner: AlertOwner,
  findings: readonly Finding[],
  isUntold: IsUntold,
): Promise<void> {
  const steps = await stepsOf(services, owner, findings, isUntold);
  const notes = steps.flatMap(({ note }) => note ?? []);
  if (notes.length > 0) await announce(services, owner, notes);
  for (const { next } of steps) if (next !== undefined) await services.alerts.save(next);
  for (const { condition, subject, change, severity } of notes) {
    services.log("info", "alert.changed", { condition, subject: subject.id, change, severity });
  }
}

async function stepsOf(
  services: Services,
  owner: AlertOwner,
  findings: readonly Finding[],
  isUntold: IsUntold,
): Promise<readonly AlertStep[]> {
  const now = services.now();
  const live = new Map<string, Alert>();
  for await (const alert of services.alerts.listLive(owner)) live.set(alert.id, alert);
  const steps: AlertStep[] = [];
  for (const finding of findings) {
    const id = alertIdOf(finding);
    // One that is closed counts how often it was open.
    const known = live.get(id) ?? (await services.alerts.find(owner, id));
    live.delete(id);
    steps.push(advanceAlert({ owner, known, finding, now }));
  }
  const over = [...live.values()].filter((alert) => !isUntold(alert));
  for (const known of over) steps.push(advanceAlert({ owner, known, finding: undefined, now }));
  return steps;
}

async function announce(services: Services, owner: AlertOwner, notes: readonly AlertNote[]): Promise<void> {
  for await (const channel of channelsOf(services, owner)) {
    const wanted = notes.filter((note) => wants(channel, note));
    if (wanted.length === 0) continue;
    await services.alertChannels.update(channel, (current) => current && withNotes(current, wanted, services.now()));
  }
}

/** By the key, because a tenant may be called like the service. */
function channelsOf({ alertChannels }: Services, { tenantId, tenantKey }: AlertOwner): AsyncGenerator<AlertChannel> {
  return tenantKey === serviceOwner.tenantKey ? alertChannels.listService() : alertChannels.listAll(tenantId);
}
