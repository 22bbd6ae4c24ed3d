import type { DocumentStore, EventQueue, LockingQueue, PayloadStore, SecretStore } from "../core/ports";

/** What the app stands on: one adapter for each port. */
export interface BackEnds {
  readonly documents: DocumentStore;
  readonly queue: EventQueue;
  readonly secrets: SecretStore;
  readonly payloads: PayloadStore;
  /** The receiving side of the queue, where no platform drains it for us. */
  readonly lockingQueue?: LockingQueue;
  /** Sends and writes what is under way, and lets go. */
  close(): Promise<void>;
}
