import type { HookLedger } from "../core/hook-ledger";
import { setUpConnectionId } from "../core/provider-hook";
import type { ConnectionKey } from "../core/record-reader";
import type { Services } from "./services";

/** Time for a change of the registration to be stored, in milliseconds: until then there is nothing to see. */
const CHANGING_MS = 60_000;

/** Lets the hooks of a webhook be looked at: now, or as soon as who is at it is done. */
export async function askForHooks(services: Services, registrationId: string): Promise<void> {
  await ask(services, registrationId, (ledger) => ({ ...ledger, dueAt: services.now() }));
}

/** The same, and whatever we know of them, the provider is asked: somebody may have changed or removed them there. */
export async function askForHooksAnew(services: Services, registrationId: string): Promise<void> {
  const hooksOf = ({ hooks }: HookLedger): HookLedger["hooks"] => hooks.map(({ digest: _, ...hook }) => hook);
  await ask(services, registrationId, (ledger) => ({ ...ledger, dueAt: services.now(), hooks: hooksOf(ledger) }));
}

/** The same for all webhooks that failed to be set up or renewed by this connection: its credentials are others now. */
export async function askForHooksOf(services: Services, connection: ConnectionKey): Promise<void> {
  const { integrationId, connectionId } = connection;
  for await (const registration of services.registrations.listAll(connection)) {
    const { id, provisioning } = registration;
    if (provisioning?.reason === undefined || registration.integrationId !== integrationId) continue;
    const usedId = setUpConnectionId(provisioning.target, registration.connectionId);
    if (usedId === connectionId) await askForHooks(services, id);
  }
}

/** Lets the timer look at the hooks of a webhook that is about to be changed or deleted, should nobody come to it afterwards. */
export async function announceChange(services: Services, registrationId: string): Promise<void> {
  const latest = services.now() + CHANGING_MS;
  await ask(services, registrationId, (ledger) => ({ ...ledger, dueAt: Math.min(ledger.dueAt, latest) }));
}

/** Lets the hooks of a webhook that is gone be removed: now, and without waiting for what failed before. */
export async function giveUpHooks(services: Services, registrationId: string): Promise<void> {
  const dueAt = services.now();
  await ask(services, registrationId, ({ failingSince: _, ...ledger }) => ({ ...ledger, failures: 0, dueAt }));
}

async function ask(
  services: Services,
  registrationId: string,
  change: (ledger: HookLedger) => HookLedger,
): Promise<void> {
  await services.hookLedgers.update(registrationId, (ledger) => change({ ...ledger, asked: ledger.asked + 1 }));
}
