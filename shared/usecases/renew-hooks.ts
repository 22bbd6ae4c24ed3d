import type { Services } from "./services";
import { trySettleHooks } from "./settle-hooks";

/** What a run of the timer did. */
export interface HookRun {
  readonly due: number;
}

/** So many webhooks are looked after at a time: most of the time goes by waiting for providers. */
const AT_ONCE = 4;

/**
 * Looks after all hooks that are due, of all tenants: renews what is about to expire, and tries again to make or to remove
 * what could not be made or removed.
 */
export async function renewHooks(services: Services): Promise<HookRun> {
  const ledgers = services.hookLedgers.listDue(services.now());
  let due = 0;
  const worker = async (): Promise<void> => {
    for (let next = await ledgers.next(); next.done !== true; next = await ledgers.next()) {
      due++;
      await trySettleHooks(services, next.value.id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { due };
}
