import type { RegistrationCopies, RegistrationCopy } from "../../shared/core/registration-copies";
import { noon } from "./make";

/** Copies in memory, for tests of those who use them; the contract suite holds them equal to those in Redis. */
export class MemoryCopies implements RegistrationCopies {
  readonly #kept = new Map<string, { readonly copy?: RegistrationCopy; readonly until: number }>();
  time = noon;
  isOut = false;

  async get(registrationId: string): Promise<RegistrationCopy | undefined> {
    return this.#present(registrationId)?.copy;
  }

  async put(copy: RegistrationCopy, forMs: number): Promise<void> {
    if (this.isOut || forMs <= 0 || this.#present(copy.registration.id)) return;
    this.#kept.set(copy.registration.id, { copy, until: this.time + forMs });
  }

  async forget(registrationId: string, forMs: number): Promise<void> {
    if (!this.isOut) this.#kept.set(registrationId, { until: this.time + forMs });
  }

  #present(registrationId: string): { readonly copy?: RegistrationCopy } | undefined {
    const kept = this.isOut ? undefined : this.#kept.get(registrationId);
    return kept && kept.until > this.time ? kept : undefined;
  }
}
