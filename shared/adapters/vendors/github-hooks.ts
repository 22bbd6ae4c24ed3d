import { type JsonObject, objectsIn, textAt } from "../../core/json";
import type { OutboundReply } from "../../core/outbound";
import type { HookPlace, HookRequest, HookTarget } from "../../core/provider-hook";
import { failure, rejected, unknownAnswer, unsupported } from "./failures";
import { follow } from "./github";
import { organizationPath, repositoryPath } from "./github-paths";
import type { VendorRequest } from "./vendor-api";
import type { HookSession, MadeHook, VendorHooks } from "./vendor-hooks";
import type { OpenedConnection } from "./vendor-sessions";

/**
 * Hooks of repositories and organisations, docs.github.com/en/rest/repos/webhooks and …/orgs/webhooks. A change replaces
 * `config` as a whole, so that the secret has to be in it each time. GitHub answers 404 too where the token may not manage
 * hooks.
 */
export const githubHooks: VendorHooks = {
  async put(context, { request, serial, known }) {
    const json = bodyOf(request);
    const change = (id: string): Promise<OutboundReply> =>
      call(context, request, { method: "PATCH", path: `/${id}`, json });
    if (known?.id !== undefined) {
      const changed = await change(known.id);
      if (changed.status !== 404) return made(context, serial, changed);
    }
    // One that somebody removed is made anew; and what was made anew may be there, although we did not learn its id.
    const found = await findHookId(context, request);
    if (found !== undefined) return made(context, serial, await change(found));
    return made(context, serial, await call(context, request, { method: "POST", json: { name: "web", ...json } }));
  },

  async remove(context, place, hook) {
    const id = hook.id ?? (await findHookId(context, place));
    if (id === undefined) return;
    const reply = await call(context, place, { method: "DELETE", path: `/${id}` });
    if (reply.status !== 204 && reply.status !== 404) throw unknownAnswer(context.api, reply);
  },
};

/** What tells a hook from all others. */
type Place = Pick<HookPlace, "webhookUrl" | "target">;

const PAGE_SIZE = 100;
/** Of hooks; GitHub has 20 for each event at most, an Enterprise Server 250. */
const MOST_PAGES = 10;

function bodyOf({ webhookUrl, events, secret }: HookRequest): JsonObject {
  const config = { url: webhookUrl, content_type: "json", insecure_ssl: "0", ...(secret !== undefined && { secret }) };
  return { active: true, events, config };
}

/**
 * The hook that delivers to this webhook, by its URL: one of ours of which we did not learn that it was made. There is none
 * where the token may not list hooks, since it may not make them either.
 */
export async function findHookId(context: OpenedConnection, place: Place): Promise<string | undefined> {
  for (let page = 1; page <= MOST_PAGES; page++) {
    const reply = await call(context, place, { query: { per_page: PAGE_SIZE, page } });
    if (reply.status === 404) return undefined;
    if (reply.status !== 200) throw unknownAnswer(context.api, reply);
    const hooks = objectsIn(reply.json);
    const ours = hooks.find((hook) => textAt(hook, "config", "url") === place.webhookUrl);
    if (ours !== undefined) return textAt(ours, "id");
    if (hooks.length < PAGE_SIZE) return undefined;
  }
  return undefined;
}

function made({ api }: HookSession, serial: number, reply: OutboundReply): MadeHook {
  if (reply.status === 404) throw failure("target_not_found", { api, reply, permanent: true });
  if (reply.status === 422) throw rejected(api, reply);
  const id = textAt(reply.json, "id");
  if (id === undefined || reply.status >= 300) throw unknownAnswer(api, reply);
  return { id, serial };
}

/** Where the hooks of a target are, below the API's address; `undefined` for what is no such target. */
export function hooksPath(target: HookTarget): string | undefined {
  const owner =
    target.kind === "repository"
      ? repositoryPath(target.repository)
      : target.kind === "organization"
        ? organizationPath(target.organization)
        : undefined;
  return owner === undefined ? undefined : `${owner}/hooks`;
}

/** A call below the hooks of the target. */
function call(
  { session }: OpenedConnection,
  { target }: Pick<Place, "target">,
  { path = "", ...request }: Omit<VendorRequest, "url"> & { readonly path?: string },
): Promise<OutboundReply> {
  const hooks = hooksPath(target);
  if (hooks === undefined) throw unsupported();
  return follow(session, { ...request, url: `${session.baseUrl}${hooks}${path}` });
}
