import type { Registration } from "../core/registration";
import { type Gap, newPart, partTaskIdOf, type Repair, repairIdOf } from "../core/repair";
import { advanceRepair, noteEnd } from "./advance-repair";
import { planRepair } from "./plan-repair";
import type { Services } from "./services";

/** A gap to repair. */
export interface RepairRequest extends Gap {
  /** Where at the provider the webhook is set up, in its words; by default where its last events came from. */
  readonly scope?: string;
  /** Tells repairs apart that somebody asks for; a gap that the timer finds again is the same repair. */
  readonly name?: string;
}

/**
 * Begins to repair a gap of a webhook, or goes on with a repair of the same gap. What it comes to is told by the repair's
 * document: also that nothing can be done.
 * @throws {WebhookError} `store_unavailable`; `queue_unavailable`: the timer goes on with it
 */
export async function startRepair(
  services: Services,
  registration: Registration,
  request: RepairRequest,
): Promise<Repair> {
  const { cause, since, until, name } = request;
  const id = repairIdOf(registration.id, request, name);
  const requestedAt = new Date(services.now()).toISOString();
  const { parts, fallback, scopes, reason } = await planRepair(services, registration, request);
  const repair = await services.repairs.create({
    id,
    pk: registration.pk,
    tenantId: registration.tenantId,
    schemaVersion: 1,
    ttl: services.rules.retentionSeconds,
    registrationId: registration.id,
    integrationId: registration.integrationId,
    connectionId: registration.connectionId,
    ...{ cause, since, until, scopes, fallback, requestedAt },
    status: parts.length === 0 ? "failed" : "running",
    parts: parts.map((of) => newPart(of, partTaskIdOf(id, requestedAt, of))),
    ...(parts.length === 0 ? { reason: reason ?? "unsupported", finishedAt: requestedAt } : {}),
  });
  services.log("info", "gap.found", { registrationId: registration.id, cause, since, until, repairId: id });
  if (parts.length === 0) await noteEnd(services, repair);
  return advanceRepair(services, repair);
}
