import { setTimeout as pause } from "node:timers/promises";
import { type AuditEntry, changedFacts } from "../core/audit";
import type { JsonObject } from "../core/json";
import { newestFirst } from "../core/newest-first";
import type { Services } from "./services";

/** A change that was made. */
export interface Change extends Pick<AuditEntry, "action" | "resource" | "by"> {
  /** Whose it is, which is not always who made it. */
  readonly tenantId: string;
  readonly before?: JsonObject | undefined;
  readonly after?: JsonObject | undefined;
  readonly error?: string | undefined;
}

let entriesMade = 0;
const MOST_IN_A_ROUND = 0x1000000;

/** Six hex digits that sort before those of earlier entries of this process, for changes within the same millisecond. */
function laterFirst(): string {
  return (MOST_IN_A_ROUND - 1 - (entriesMade++ % MOST_IN_A_ROUND)).toString(16).padStart(6, "0");
}

/** Between attempts, in milliseconds. */
const PAUSES = [50, 200];

/**
 * Writes a change to the audit log. Never throws: the change is made already, so that an entry that cannot be written is
 * logged in its place.
 */
export async function recordChange(services: Services, change: Change): Promise<void> {
  const entry = toEntry(services, change);
  for (const wait of [...PAUSES, undefined]) {
    try {
      await services.auditLog.save(entry);
      return;
    } catch (error) {
      if (wait === undefined) services.log("error", "audit.not_written", { entry, error: String(error) });
      else await pause(wait);
    }
  }
}

function toEntry(services: Services, { tenantId, before, after, error, action, resource, by }: Change): AuditEntry {
  const at = new Date(services.now()).toISOString();
  return {
    id: `audit-${newestFirst(at)}-${laterFirst()}-${services.newId()}`,
    pk: services.tenantKeyOf(tenantId),
    tenantId,
    schemaVersion: 1,
    ttl: services.rules.auditRetentionSeconds,
    at,
    action,
    resource,
    by,
    ...changedFacts(before, after),
    ...(error === undefined ? {} : { error }),
  };
}
