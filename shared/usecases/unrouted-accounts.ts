import type { Activity } from "../core/activity";
import type { Registration } from "../core/registration";
import type { UnroutedAccount } from "../core/unrouted";
import type { Services } from "./services";

/** A day, in milliseconds: an account that nobody heard of for longer is nobody's concern. */
const SHOWN_MS = 24 * 3_600_000;

/** The accounts of a shared webhook whose deliveries went to nobody within a day, and still would. */
export async function unroutedAccounts(
  services: Services,
  shared: Registration,
  { unrouted = {} }: Activity,
): Promise<readonly UnroutedAccount[]> {
  if (shared.routing === undefined) return [];
  const recent = Object.entries(unrouted).filter(([, { lastAt }]) => services.now() - Date.parse(lastAt) < SHOWN_MS);
  const accounts = await Promise.all(
    recent.map(async ([accountId, tally]): Promise<UnroutedAccount | undefined> => {
      const route = await services.routes.find(shared, accountId);
      if (!route) return { accountId, ...tally, hasRoute: false };
      const target = (await services.registrations.find(route.targetRegistrationId))?.value;
      const isGone = target === undefined || target.status === "inactive";
      return isGone ? { accountId, ...tally, hasRoute: true } : undefined;
    }),
  );
  return accounts.filter((account) => account !== undefined);
}
