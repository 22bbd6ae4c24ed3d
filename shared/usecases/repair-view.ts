import { countsOf, type Repair, type RepairCounts, type RepairPart } from "../core/repair";

/** A repair as its tenant reads it: window, sent, present, repaired. */
export interface RepairView
  extends
    RepairCounts,
    Pick<Repair, "registrationId" | "cause" | "since" | "until" | "status" | "reason" | "requestedAt" | "finishedAt"> {
  readonly repairId: string;
  readonly parts: readonly RepairPart[];
}

/** What the API shows of a repair. */
export function toRepairView(repair: Repair): RepairView {
  const { id, registrationId, cause, since, until, status, parts, reason, requestedAt, finishedAt } = repair;
  return {
    repairId: id,
    ...{ registrationId, cause, since, until, status },
    ...countsOf(parts),
    parts,
    ...(reason === undefined ? {} : { reason }),
    requestedAt,
    ...(finishedAt === undefined ? {} : { finishedAt }),
  };
}
