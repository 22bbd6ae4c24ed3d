import type { HookLedger, LedgerHook } from "../core/hook-ledger";
import { isExpired, partsOf } from "../core/provider-hook";
import type { HeldLedger } from "./held-ledger";
import { connectionOf, placeOf } from "./hook-request";
import { planHookRetry } from "./hook-retry";
import { withoutHook } from "./put-hooks";
import type { Services } from "./services";

/** So long is tried to remove the hooks of a webhook that is gone: time for its owner to mend a connection. */
const REMOVE_FOR_MS = 7 * 86_400_000;

/**
 * Removes from the provider all that a webhook had there, the last made first; then its ledger is done with. After a failure
 * the timer tries again for a week, and after that what is left stays. Answers whether more was asked meanwhile.
 */
export async function removeHooks(services: Services, held: HeldLedger): Promise<boolean> {
  try {
    for (const hook of inOrderOfRemoval(held.ledger)) {
      if (!isExpired(hook, services.now())) {
        await services.providerHooks.remove(connectionOf(held.ledger), placeOf(held.ledger), hook);
      }
      await held.change((ledger) => withoutHook(ledger, hook));
    }
  } catch (error) {
    return triedInVain(services, held, error);
  }
  await held.delete();
  return false;
}

function inOrderOfRemoval({ hooks, target }: HookLedger): readonly LedgerHook[] {
  const parts = partsOf(target);
  return [...hooks].sort((a, b) => parts.indexOf(b.kind) - parts.indexOf(a.kind));
}

async function triedInVain(services: Services, held: HeldLedger, error: unknown): Promise<boolean> {
  const { id, integrationId, hooks, removeUntil = services.now() + REMOVE_FOR_MS } = held.ledger;
  const { reason, at, failures, failingSince } = planHookRetry(services, held.ledger, error);
  if (at > removeUntil) {
    const kinds = hooks.map(({ kind }) => kind);
    services.log("warn", "hooks.left_behind", { registrationId: id, integrationId, kinds, reason });
    await held.delete();
    return false;
  }
  return held.release((ledger) => ({ ...ledger, failures, failingSince, dueAt: at, removeUntil }));
}
