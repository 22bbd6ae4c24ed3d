import { type EventMessage, openMessage } from "./event-message";
import { toHeldRecord } from "./event-record";
import type { Services } from "./services";

/** Has the delivery log say of events that they are held. Written in the background: the events themselves are safe by now. */
export function noteHeld(services: Services, events: readonly EventMessage[]): void {
  for (const event of events) services.gatherer.record(toHeldRecord(services, openMessage(event)));
}
