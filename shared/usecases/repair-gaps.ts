import { isDeepStrictEqual } from "node:util";
import { findGaps } from "../core/gap-watch";
import type { Registration } from "../core/registration";
import type { Gap } from "../core/repair";
import { activityKeyOf } from "./activity-key";
import { advanceRepair } from "./advance-repair";
import { connectionKeyOf } from "./connection-view";
import type { Services } from "./services";
import { startRepair } from "./start-repair";

/** What a run of the timer did. */
export interface GapRun {
  readonly found: number;
  /** Repairs under way that it looked at. */
  readonly advanced: number;
  readonly failed: number;
}

/** Of a tenant, in one run; the next run takes the others. */
const MOST_REPAIRS = 200;

/** Looks for gaps of every webhook, begins to repair them, and goes on with the repairs that are under way. */
export async function repairGaps(services: Services): Promise<GapRun> {
  await services.gatherer.flush();
  const run = { found: 0, advanced: 0, failed: 0 };
  const attempt = async (registrationId: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      // One webhook's trouble is no other one's, and the next run begins where this one ended.
      run.failed++;
      services.log("warn", "gap.not_looked_after", { registrationId, error: String(error) });
    }
  };
  for await (const { tenantId, id: tenantKey } of services.registrations.listTenants()) {
    for (const repair of await services.repairs.listRunning({ tenantId, tenantKey }, MOST_REPAIRS)) {
      await attempt(repair.registrationId, async () => {
        await advanceRepair(services, repair);
        run.advanced++;
      });
    }
    for await (const registration of services.registrations.listAll({ tenantId, tenantKey })) {
      await attempt(registration.id, async () => {
        run.found += await lookAfter(services, registration);
      });
    }
  }
  return run;
}

/** Answers how many gaps were found. They are noted once their repair has begun: a crash in between finds them again. */
async function lookAfter(services: Services, registration: Registration): Promise<number> {
  if (registration.status === "inactive") return 0;
  const key = activityKeyOf(registration);
  const activity = await services.gatherer.activityOf(key);
  const { provisioning, activatedAt } = registration;
  const known = { activity, provisioning, activatedAt, isPaused: registration.pause !== undefined };
  const { gaps, watch } = findGaps({ ...known, now: services.now() });
  if (isDeepStrictEqual(watch, activity.gaps ?? {})) return 0;
  // Without credentials there is nothing to be done, until there are some.
  if (gaps.length > 0 && !(await hasCredentials(services, registration))) return 0;
  for (const gap of gaps) await repairAll(services, registration, gap);
  await services.activities.saveGapWatch(key, watch);
  return gaps.length;
}

/** A repair that could not begin when its gap was first found ends where the gap did then; what is missing since needs another. */
async function repairAll(services: Services, registration: Registration, gap: Gap): Promise<void> {
  const { until } = await startRepair(services, registration, gap);
  if (gap.since < until && until < gap.until) await repairAll(services, registration, { ...gap, since: until });
}

async function hasCredentials(services: Services, registration: Registration): Promise<boolean> {
  return (await services.connections.find(connectionKeyOf(services, registration)))?.auth !== undefined;
}
