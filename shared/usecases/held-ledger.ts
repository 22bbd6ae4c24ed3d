import type { HookLedger } from "../core/hook-ledger";
import type { Services } from "./services";

/** Longer than all calls about one webhook take together, so that nobody else makes them meanwhile. */
const LEASE_MS = 5 * 60_000;

/** Our lease ran out and somebody else took over, or the ledger is gone: whatever we know of it is old. */
export class LeaseLost extends Error {
  constructor(registrationId: string) {
    super(`lease lost: ${registrationId}`);
    this.name = "LeaseLost";
  }
}

/** A ledger that we alone may work on. */
export class HeldLedger {
  readonly #services: Services;
  readonly #holder: string;
  readonly #askedBefore: number;
  #ledger: HookLedger;

  private constructor(services: Services, ledger: HookLedger, holder: string) {
    this.#services = services;
    this.#ledger = ledger;
    this.#holder = holder;
    this.#askedBefore = ledger.asked;
  }

  /** `undefined` if there is no such ledger, or somebody else holds it. */
  static async take(services: Services, registrationId: string): Promise<HeldLedger | undefined> {
    const [now, holder] = [services.now(), services.newId()];
    const ledger = await services.hookLedgers.update(registrationId, (current) => {
      const isFree = current.lease === undefined || current.lease.until <= now;
      return isFree ? { ...current, lease: { holder, until: now + LEASE_MS } } : current;
    });
    return ledger?.lease?.holder === holder ? new HeldLedger(services, ledger, holder) : undefined;
  }

  /** As we last read or wrote it. */
  get ledger(): HookLedger {
    return this.#ledger;
  }

  /** @throws {LeaseLost} */
  async change(change: (ledger: HookLedger) => HookLedger): Promise<void> {
    const { id } = this.#ledger;
    const changed = await this.#services.hookLedgers.update(id, (current) => {
      if (current.lease?.holder !== this.#holder) throw new LeaseLost(id);
      return change(current);
    });
    if (changed === undefined) throw new LeaseLost(id);
    this.#ledger = changed;
  }

  /**
   * Lets go of it. Answers whether more was asked since it was taken; then it is due at once, whatever `change` says.
   * @throws {LeaseLost}
   */
  async release(change: (ledger: HookLedger) => HookLedger): Promise<boolean> {
    await this.change((current) => {
      const { lease: _, ...released } = change(current);
      return current.asked === this.#askedBefore ? released : { ...released, dueAt: this.#services.now() };
    });
    return this.#ledger.asked !== this.#askedBefore;
  }

  async delete(): Promise<void> {
    await this.#services.hookLedgers.delete(this.#ledger.id);
  }
}
