import { serveDue } from "./serve-due";
import type { Services } from "./services";
import { trySettleHooks } from "./settle-hooks";

/** What a run of the timer did. */
export interface HookRun {
  readonly due: number;
}

/**
 * Looks after all hooks that are due, of all tenants: renews what is about to expire, and tries again to make or to remove
 * what could not be made or removed.
 */
export async function renewHooks(services: Services): Promise<HookRun> {
  let due = 0;
  await serveDue(services.hookLedgers.listDue(services.now()), async ({ id }) => {
    due++;
    await trySettleHooks(services, id);
  });
  return { due };
}
