import type { Clock } from "../../core/ports";
import type { ProviderHooks } from "../../core/provider-hook";
import type { ConnectionKey } from "../../core/record-reader";
import { unsupported } from "./failures";
import { githubHooks } from "./github-hooks";
import { googleHooks } from "./google-hooks";
import { slackHooks } from "./slack-hooks";
import type { HookSession, VendorHooks } from "./vendor-hooks";
import type { VendorSessions } from "./vendor-sessions";

/** What it works with. */
export interface ProviderHooksDependencies {
  readonly sessions: VendorSessions;
  readonly now: Clock;
}

const vendors: ReadonlyMap<string, VendorHooks> = new Map([
  ["github", githubHooks],
  ["google", googleHooks],
  ["slack", slackHooks],
]);

/** The hooks of all vendors that have an API for them, by the credentials of a connection. */
export function createProviderHooks({ sessions, now }: ProviderHooksDependencies): ProviderHooks {
  async function on<T>(key: ConnectionKey, work: (hooks: VendorHooks, context: HookSession) => Promise<T>): Promise<T> {
    const hooks = vendors.get(key.integrationId);
    if (hooks === undefined) throw unsupported();
    return sessions.logged(key, async () => work(hooks, { ...(await sessions.demand(key)), now: now() }));
  }
  return {
    put: (key, order) =>
      on(key, async (hooks, context) => {
        const made = await hooks.put(context, order);
        return { kind: order.kind, madeAt: new Date(context.now).toISOString(), ...made };
      }),
    remove: (key, place, hook) => on(key, (hooks, context) => hooks.remove(context, place, hook)),
  };
}
