import { recordIdOf } from "../repositories/deliveries";
import { CANARY_TENANT, canaryIdAt, findCanary } from "./run-canary";
import { eventIdOf } from "../core/event-id";
import type { Services } from "./services";

/** What became of the latest canaries. */
export interface CanaryHealth {
  /** `late`: none of the last five minutes came through. `waiting`: none was sent yet. */
  readonly status: "ok" | "late" | "waiting";
  /** ISO 8601: when the last one that came through was received. */
  readonly lastReceivedAt?: string;
  /** Milliseconds from its receipt to its recorded outcome. */
  readonly latencyMs?: number;
}

const MINUTE_MS = 60_000;
const LOOK_BACK_MINUTES = 5;

/** The health of the canary; nothing where it is off. @throws {WebhookError} `store_unavailable` */
export async function canaryHealth(services: Services): Promise<CanaryHealth | undefined> {
  if (!services.canary) return undefined;
  const registration = await findCanary(services);
  if (!registration) return { status: "waiting" };
  const { id: registrationId, createdAt } = registration;
  for (let minute = 0; minute <= LOOK_BACK_MINUTES; minute++) {
    const deliveryId = canaryIdAt(services.now() - minute * MINUTE_MS);
    const recordId = recordIdOf(eventIdOf(registrationId, deliveryId, { index: 0 }));
    const record = await services.deliveries.findEvent({ tenantId: CANARY_TENANT, registrationId, recordId });
    if (record?.outcome !== "synchronised") continue;
    return { status: "ok", lastReceivedAt: record.receivedAt, latencyMs: record.latencyMs };
  }
  const isNew = services.now() - Date.parse(createdAt) < LOOK_BACK_MINUTES * MINUTE_MS;
  return { status: isNew ? "waiting" : "late" };
}
