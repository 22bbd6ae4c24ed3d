import { WebhookError } from "../core/errors";
import type { Gap } from "../core/repair";
import { type RepairView, toRepairView } from "./repair-view";
import { requireOwn } from "./require-own";
import type { Services } from "./services";
import { startRepair } from "./start-repair";

/** What a person asks for. Times in ISO 8601. */
export interface ManualRepair {
  readonly tenantId: string;
  readonly registrationId: string;
  /** By default a day before `until`. */
  readonly since?: string;
  /** By default now. */
  readonly until?: string;
  readonly scope?: string;
}

const DAY_MS = 86_400_000;

/**
 * Repairs a gap by hand.
 * @throws {WebhookError} `registration_not_found`, `invalid_request`, `store_unavailable`, `queue_unavailable`
 */
export async function requestRepair(services: Services, request: ManualRepair): Promise<RepairView> {
  const registration = await requireOwn(services, request);
  const { scope } = request;
  const window = windowOf(request, services.now());
  const name = services.newId();
  const repair = await startRepair(services, registration, {
    ...window,
    name,
    ...(scope === undefined ? {} : { scope }),
  });
  return toRepairView(repair);
}

function windowOf({ since, until }: ManualRepair, now: number): Gap {
  const end = until === undefined ? now : Date.parse(until);
  const start = since === undefined ? end - DAY_MS : Date.parse(since);
  const problems = [
    ...(!(end <= now) ? [{ path: "/until", message: "lies in the future" }] : []),
    ...(!(start < end) ? [{ path: "/since", message: "must be before until, which is now by default" }] : []),
  ];
  if (problems.length > 0) throw new WebhookError("invalid_request", { problems });
  return { cause: "manual", since: new Date(start).toISOString(), until: new Date(end).toISOString() };
}
