import type { Registration } from "./registration";

/**
 * Registrations in a memory that all instances share, each with the time at which it was read from the store. It is an
 * aid: no method ever rejects, and where nothing is known the store is asked.
 */
export interface RegistrationCopies {
  get(registrationId: string): Promise<RegistrationCopy | undefined>;
  /** Keeps it for so long, unless a copy is kept already or it was forgotten a short while ago. */
  put(copy: RegistrationCopy, forMs: number): Promise<void>;
  /** Keeps no copy for so long: one that was read before the change may still be on its way. */
  forget(registrationId: string, forMs: number): Promise<void>;
}

/** A registration as it was at `loadedAt` (milliseconds since 1970) or later. */
export interface RegistrationCopy {
  readonly registration: Registration;
  readonly loadedAt: number;
}
