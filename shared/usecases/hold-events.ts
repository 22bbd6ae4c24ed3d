import { WebhookError } from "../core/errors";
import { isHoldFull, type Pause } from "../core/pause";
import type { Registration } from "../core/registration";
import { recordIdOf } from "../repositories/deliveries";
import type { EventMessage } from "./event-message";
import { toQueueBodies } from "./send-events";
import type { Services } from "./services";

/**
 * Holds the events of one delivery until the webhook is resumed: each is written before the answer. Where one fails, the
 * provider repeats all, and those that are held by then are known. Answers for each event whether it was.
 * @throws {WebhookError} `hold_full`, `store_unavailable`
 */
export async function holdEvents(
  services: Services,
  { registration, pause }: { readonly registration: Registration; readonly pause: Pause },
  events: readonly EventMessage[],
  bodyBytes: number,
): Promise<readonly boolean[]> {
  const { heldEvents, now, rules } = services;
  const { id: registrationId, tenantId } = registration;
  const held = await heldEvents.countOf(tenantId, registrationId);
  if (isHoldFull({ pause, held, bounds: rules.holdBounds, now: now() })) throw new WebhookError("hold_full");
  const bodies = await toQueueBodies(services, events, bodyBytes);
  // The queue adds it to what is sent, and this is sent later.
  const context = services.tracer?.active()?.context;
  const isNew = await Promise.all(
    bodies.map((body) =>
      heldEvents.hold({
        id: recordIdOf(body.id),
        pk: registrationId,
        tenantId,
        schemaVersion: 1,
        registrationId,
        receivedOrder: body.data.receivedOrder,
        message: { messageId: body.id, body: { ...body, ...context } },
      }),
    ),
  );
  return isNew.map((created) => !created);
}
