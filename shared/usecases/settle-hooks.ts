import { isDeepStrictEqual } from "node:util";
import { NEVER } from "../core/due";
import type { HookLedger, LedgerHook } from "../core/hook-ledger";
import { type HookTarget, partsOf, renewalTime, setUpConnectionId } from "../core/provider-hook";
import type { Provisioning } from "../core/provisioning";
import { HeldLedger, LeaseLost } from "./held-ledger";
import { type WantedHooks, wantedHooksOf } from "./hook-request";
import { planHookRetry } from "./hook-retry";
import { currentHook, isAsAsked, putHooks, removeRetired } from "./put-hooks";
import { removeHooks } from "./remove-hooks";
import type { Services } from "./services";

/** What is asked for while we work is done at once, but not for ever. */
const MOST_ROUNDS = 3;
/** A hook in whose place another delivers is tried to be removed again after this long. */
const RETIRED_AGAIN_MS = 15 * 60_000;

/**
 * Brings the provider to what a webhook wants: hooks that are made, up to date and renewed, or none once it is gone. Who
 * comes while somebody else is at it leaves it to him. Failures at the provider are noted, and the timer tries again.
 * @throws {WebhookError} a back end of ours is out: the timer comes back to it. {LeaseLost}
 */
export async function settleHooks(services: Services, registrationId: string): Promise<void> {
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const held = await HeldLedger.take(services, registrationId);
    if (held === undefined || !(await settle(services, held))) return;
  }
}

/** The same for who has something else to answer. */
export async function trySettleHooks(services: Services, registrationId: string): Promise<void> {
  try {
    await settleHooks(services, registrationId);
  } catch (error) {
    const level = error instanceof LeaseLost ? "info" : "error";
    services.log(level, "hooks.not_settled", { registrationId, error: String(error) });
  }
}

/** Answers whether more was asked meanwhile. */
async function settle(services: Services, held: HeldLedger): Promise<boolean> {
  const { id } = held.ledger;
  const registration = (await services.registrations.find(id))?.value;
  const target = registration?.provisioning?.target;
  if (registration === undefined || target === undefined) return removeHooks(services, held);
  await followConnection(held, setUpConnectionId(target, registration.connectionId));
  const wanted = await wantedHooksOf(services, registration, target);
  try {
    await putHooks(services, held, wanted);
    await removeRetired(services, held);
  } catch (error) {
    return settleLater(services, held, { wanted, target, error });
  }
  await report(services, id, { target, state: "ready", ...expiryOf(held.ledger) });
  return held.release(({ failingSince: _, ...ledger }) => {
    return { ...ledger, failures: 0, dueAt: nextDueAt(ledger, services.now()) };
  });
}

/** Its owner may have given the webhook another connection. */
async function followConnection(held: HeldLedger, connectionId: string): Promise<void> {
  if (connectionId !== held.ledger.connectionId) await held.change((ledger) => ({ ...ledger, connectionId }));
}

interface Failure {
  readonly wanted: WantedHooks;
  readonly target: HookTarget;
  readonly error: unknown;
}

async function settleLater(services: Services, held: HeldLedger, { wanted, target, error }: Failure): Promise<boolean> {
  const { at, failures, failingSince, ...why } = planHookRetry(services, held.ledger, error);
  const hooks = currentHooks(held.ledger);
  const isReady = hooks.every((hook) => hook !== undefined && isAsAsked(hook, wanted.digest, services.now()));
  await report(services, held.ledger.id, {
    target,
    state: isReady ? "ready" : "pending",
    ...why,
    failingSince,
    retryAt: new Date(at).toISOString(),
    ...expiryOf(held.ledger),
  });
  return held.release((ledger) => ({ ...ledger, failures, failingSince, dueAt: at }));
}

/** Notes in the registration how it stands, for its owner. */
async function report(services: Services, registrationId: string, provisioning: Provisioning): Promise<void> {
  const updated = await services.registrations.update(registrationId, (current) => {
    const isNews = !isDeepStrictEqual(current.provisioning, provisioning);
    return current.provisioning !== undefined && isNews ? { ...current, provisioning } : current;
  });
  if (updated) services.cache.renew(updated);
}

function currentHooks(ledger: HookLedger): readonly (LedgerHook | undefined)[] {
  return partsOf(ledger.target).map((kind) => currentHook(ledger, kind));
}

/** When the first of the hooks ends. */
function expiryOf(ledger: HookLedger): Pick<Provisioning, "expiresAt"> {
  const [first] = currentHooks(ledger)
    .flatMap((hook) => hook?.expiresAt ?? [])
    .sort();
  return first === undefined ? {} : { expiresAt: first };
}

function nextDueAt(ledger: HookLedger, now: number): number {
  const renewals = currentHooks(ledger).flatMap((hook) => (hook && renewalTime(hook)) ?? []);
  const again = ledger.hooks.some(({ retired }) => retired) ? [now + RETIRED_AGAIN_MS] : [];
  return Math.min(NEVER, ...renewals, ...again);
}
