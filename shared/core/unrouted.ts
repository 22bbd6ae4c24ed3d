import type { Registration } from "./registration";
import { addTallies, type Tally } from "./tally";

/** Deliveries that were for nobody, by the account that they were of. */
export type UnroutedTallies = Readonly<Record<string, Tally>>;

/** Anybody may install a public app, so that there can be any number of accounts that nobody knows. */
const KEPT_ACCOUNTS = 20;

/** One delivery of each of these accounts, at a time in milliseconds. */
export function unroutedOnce(accountIds: readonly string[], at: number): UnroutedTallies {
  const once = { times: 1, lastAt: new Date(at).toISOString() };
  return Object.fromEntries(accountIds.map((accountId) => [accountId, once]));
}

/** Both together; of more than twenty accounts those heard of last. */
export function mergeUnrouted(known: UnroutedTallies, added: UnroutedTallies): UnroutedTallies {
  const merged = new Map(Object.entries(known));
  for (const [accountId, tally] of Object.entries(added)) {
    merged.set(accountId, addTallies(merged.get(accountId), tally));
  }
  const newestFirst = [...merged].sort(([, one], [, other]) => other.lastAt.localeCompare(one.lastAt));
  return Object.fromEntries(newestFirst.slice(0, KEPT_ACCOUNTS));
}

/** An account whose deliveries go to nobody, now as then. */
export interface UnroutedAccount extends Tally {
  readonly accountId: string;
  /** It is mapped, but to a webhook that cannot take its deliveries. */
  readonly hasRoute: boolean;
}

/** What an operator does about accounts whose deliveries go to nobody, a sentence for each. */
export function unroutedAdvice(
  { id, routing }: Pick<Registration, "id" | "routing">,
  accounts: readonly UnroutedAccount[],
): string[] {
  return accounts.map(({ accountId, times, lastAt, hasRoute }) => {
    const deliveries = times === 1 ? "1 delivery" : `${times} deliveries`;
    const where = hasRoute ? "to a webhook that is gone or switched off" : "to nobody";
    return `${deliveries} of ${routing ?? "account"} ${accountId} (the last on ${lastAt}) ${times === 1 ? "is" : "are"} mapped ${where}: PUT /webhooks/${id}/routes/${accountId} with {"registrationId":"…"}.`;
  });
}
