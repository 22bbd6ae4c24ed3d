import { OUTAGE_LIMIT_MS } from "../core/back-off";
import {
  countsOf,
  DELIVERIES,
  newPart,
  partOfTask,
  partTaskIdOf,
  type Repair,
  type RepairPart,
  repairStatusOf,
} from "../core/repair";
import type { SyncTask, SyncWork } from "../core/sync-task";
import { activityKeyOf } from "./activity-key";
import { webhookUrlOf } from "./registration-rules";
import type { Services } from "./services";
import { startWork } from "./start-task";

/** A task that waits in the queue for longer may never have got there: its message is sent again. */
const LOST_AFTER_MS = 3_600_000;

/** No task is tried for longer, so that one of which nothing more is heard was lost. */
const GIVEN_UP_AFTER_MS = OUTAGE_LIMIT_MS + 86_400_000;
const TIMED_OUT = "timed_out";

/**
 * Goes on with a repair: begins the tasks that nobody has begun, reads records where deliveries are not to be had, and
 * notes what came of it. May be called at any time, by anybody.
 * @throws {WebhookError} `store_unavailable`, `queue_unavailable`
 */
export async function advanceRepair(services: Services, repair: Repair): Promise<Repair> {
  if (repair.status !== "running") return repair;
  const parts: RepairPart[] = [];
  for (const part of repair.parts) parts.push(await advancePart(services, repair, part));
  for (const part of missingParts(repair, parts)) parts.push(await advancePart(services, repair, part));
  const advanced = withParts(services, repair, parts);
  // Once it is saved as ended nobody comes back to it.
  await noteEnd(services, advanced);
  if (JSON.stringify(advanced) !== JSON.stringify(repair)) await services.repairs.save(advanced);
  return advanced;
}

/** A repair as its tasks stand now; begins and notes nothing. */
export async function refreshRepair(services: Services, repair: Repair): Promise<Repair> {
  if (repair.status !== "running") return repair;
  const parts = await Promise.all(
    repair.parts.map(async (part) => {
      const task = await services.syncTasks.get(tenantOf(repair), part.taskId);
      return task ? partOfTask(part, task) : part;
    }),
  );
  return { ...repair, parts };
}

async function advancePart(services: Services, repair: Repair, part: RepairPart): Promise<RepairPart> {
  if (part.status === "completed" || part.status === "failed") return part;
  if (services.now() - Date.parse(repair.requestedAt) > GIVEN_UP_AFTER_MS)
    return { ...part, status: "failed", reason: TIMED_OUT };
  const known = await services.syncTasks.get(tenantOf(repair), part.taskId);
  const task = known && !isLost(services, known) ? known : await startWork(services, workOf(services, repair, part));
  return partOfTask(part, task);
}

function isLost({ now }: Services, { status, reason, startedAt }: SyncTask): boolean {
  if (status === "failed" && reason === "queue_unavailable") return true;
  return status === "queued" && now() - Date.parse(startedAt) > LOST_AFTER_MS;
}

function workOf(services: Services, repair: Repair, { of, taskId }: RepairPart): SyncWork {
  const { registrationId, integrationId, connectionId, since, until, requestedAt, scopes } = repair;
  return {
    taskId,
    ...tenantOf(repair),
    ...{ integrationId, connectionId, registrationId, since, until, requestedAt },
    trigger: "gap",
    entityType: of,
    ...(of === DELIVERIES ? { resend: { webhookUrl: webhookUrlOf(services, registrationId), scopes } } : {}),
  };
}

/** Where the deliveries cannot be had, the records themselves are all that is left. */
function missingParts({ id, requestedAt, fallback }: Repair, parts: readonly RepairPart[]): readonly RepairPart[] {
  const deliveries = parts.find(({ of }) => of === DELIVERIES);
  if (deliveries?.status !== "failed" || deliveries.reason === TIMED_OUT) return [];
  const known = new Set(parts.map(({ of }) => of));
  return fallback.filter((of) => !known.has(of)).map((of) => newPart(of, partTaskIdOf(id, requestedAt, of)));
}

function withParts({ now }: Services, repair: Repair, parts: readonly RepairPart[]): Repair {
  const status = repairStatusOf(parts);
  const finishedAt = status === "running" ? {} : { finishedAt: new Date(now()).toISOString() };
  return { ...repair, parts, status, ...finishedAt };
}

/** Says in the log, and in the webhook's health, what came of a repair that has ended. */
export async function noteEnd({ log, registrations, activities }: Services, repair: Repair): Promise<void> {
  const { id, registrationId, cause, since, until, status, parts, finishedAt } = repair;
  if (status === "running" || finishedAt === undefined) return;
  const registration = (await registrations.find(registrationId))?.value;
  if (registration) {
    await activities.saveLastRepair(activityKeyOf(registration), { cause, since, until, status, finishedAt });
  }
  const level = status === "completed" ? "info" : "warn";
  log(level, "gap.repaired", { repairId: id, registrationId, cause, status, ...countsOf(parts) });
}

function tenantOf({ tenantId, pk }: Repair): { readonly tenantId: string; readonly tenantKey: string } {
  return { tenantId, tenantKey: pk };
}
