import { serviceActor } from "../core/audit";
import type { HookLedger, LedgerHook } from "../core/hook-ledger";
import {
  type HookKind,
  isExpired,
  isReplaced,
  isSecretSetBy,
  partsOf,
  type ProviderHook,
  renewalTime,
} from "../core/provider-hook";
import type { Registration } from "../core/registration";
import type { HeldLedger } from "./held-ledger";
import { connectionOf, placeOf, type WantedHooks } from "./hook-request";
import { recordChange } from "./record-change";
import type { Services } from "./services";
import { startRepair } from "./start-repair";

/**
 * Makes what is missing at the provider, brings up to date what was asked for otherwise since, and renews what is due. Every
 * step is noted before the provider is asked and after it answered, so that a crash in between makes nothing twice and
 * leaves nothing that nobody knows of.
 * @throws as `ProviderHooks`, with the step that failed left to be done; {LeaseLost}
 */
export async function putHooks(services: Services, held: HeldLedger, wanted: WantedHooks): Promise<void> {
  const { registration, request, digest } = wanted;
  for (const kind of partsOf(request.target)) {
    const known = currentHook(held.ledger, kind);
    if (known !== undefined && isSettled(known, digest, services.now())) continue;
    const serial = await begin(held, kind, known);
    const order = { request, kind, serial, ...(known === undefined ? {} : { known }) };
    const made = await services.providerHooks.put(connectionOf(held.ledger), order);
    if (known !== undefined && isExpired(known, services.now())) await fetchMissed(services, wanted, known);
    const { secretVersion } = isSecretSetBy(kind) ? registration : {};
    const hook = { ...made, digest, ...(secretVersion === undefined ? {} : { secretVersion }) };
    await held.change((ledger) => withMade(ledger, hook, known));
    if (known !== undefined) await recordSecret(services, registration, { known, hook });
  }
}

/** Where the provider was given another secret than before. A new webhook's is told by its registration. */
async function recordSecret(
  services: Services,
  { id, tenantId }: Registration,
  { known, hook }: { readonly known: LedgerHook; readonly hook: LedgerHook },
): Promise<void> {
  if (known.secretVersion === hook.secretVersion) return;
  await recordChange(services, {
    action: "set-secret-at-provider",
    resource: `/webhooks/${id}`,
    tenantId,
    by: serviceActor(tenantId),
    before: { secretVersionAtProvider: known.secretVersion },
    after: { secretVersionAtProvider: hook.secretVersion },
  });
}

/** Removes hooks whose place another has taken. One that cannot be removed stays for the next time, or until it expires. */
export async function removeRetired(services: Services, held: HeldLedger): Promise<void> {
  for (const hook of held.ledger.hooks.filter(({ retired }) => retired)) {
    const isGone =
      isExpired(hook, services.now()) ||
      (await services.providerHooks.remove(connectionOf(held.ledger), placeOf(held.ledger), hook).then(
        () => true,
        () => false,
      ));
    if (isGone) await held.change((ledger) => withoutHook(ledger, hook));
  }
}

/** The hook of a kind that counts: made, and no other in its place. */
export function currentHook({ hooks }: HookLedger, wanted: HookKind): LedgerHook | undefined {
  return hooks.find(({ kind, id, retired }) => kind === wanted && id !== undefined && retired === undefined);
}

/** True for a hook that is as it should be, and not yet to be renewed. */
function isSettled(hook: LedgerHook, digest: string, now: number): boolean {
  return isAsAsked(hook, digest, now) && now < (renewalTime(hook) ?? Infinity);
}

/** True for a hook that delivers what is wanted. */
export function isAsAsked(hook: LedgerHook, digest: string, now: number): boolean {
  return hook.digest === digest && !isExpired(hook, now);
}

/** The ledger without one of its hooks. */
export function withoutHook(ledger: HookLedger, { kind, serial }: LedgerHook): HookLedger {
  return { ...ledger, hooks: ledger.hooks.filter((hook) => hook.kind !== kind || hook.serial !== serial) };
}

/** The serial number to work under, noted where the provider may come to have a hook that is not in the ledger yet. */
async function begin(held: HeldLedger, wanted: HookKind, known: LedgerHook | undefined): Promise<number> {
  const begun = held.ledger.hooks.find(({ kind, id }) => kind === wanted && id === undefined);
  if (begun !== undefined) return begun.serial;
  if (known !== undefined && !isReplaced(wanted)) return known.serial;
  const serial = held.ledger.serial + 1;
  await held.change((ledger) => ({ ...ledger, serial, hooks: [...ledger.hooks, { kind: wanted, serial }] }));
  return serial;
}

/** Whatever happened after a hook had ended is fetched. If that cannot begin, it is no reason to go without a hook. */
async function fetchMissed(services: Services, { registration }: WantedHooks, expired: ProviderHook): Promise<void> {
  const { expiresAt: since } = expired;
  // The deliveries of a shared webhook are those of the webhooks that its routes lead to.
  if (since === undefined || registration.routing !== undefined) return;
  const gap = { cause: "expired", since, until: new Date(services.now()).toISOString() } as const;
  await startRepair(services, registration, gap).catch((error: unknown) => {
    services.log("warn", "gap.not_looked_after", { registrationId: registration.id, error: String(error) });
  });
}

function withMade(ledger: HookLedger, made: LedgerHook, known: LedgerHook | undefined): HookLedger {
  const others = ledger.hooks.filter(
    ({ kind, id, retired }) => kind !== made.kind || (id !== undefined && retired === true),
  );
  const replaced = known !== undefined && known.id !== made.id ? [{ ...known, retired: true as const }] : [];
  return { ...ledger, hooks: [...others, ...replaced, made], serial: Math.max(ledger.serial, made.serial) };
}
