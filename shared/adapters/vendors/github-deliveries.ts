import { objectsIn, textAt } from "../../core/json";
import type { HookTarget } from "../../core/provider-hook";
import { rejected, unknownAnswer, unsupported } from "./failures";
import { follow } from "./github";
import { findHookId, hooksPath } from "./github-hooks";
import type { VendorDeliveries } from "./vendor-deliveries";

/**
 * Deliveries of the webhooks of repositories and organisations, docs.github.com/en/rest/repos/webhooks and
 * …/orgs/webhooks: each attempt by itself, newest first, for some days. GitHub repeats none by itself ("Handling failed
 * webhook deliveries"). A source is the path of a hook.
 */
export const githubDeliveries: VendorDeliveries = {
  way: "redelivery",

  /** In the repository, or else in the organisation that it belongs to: by its URL, so that hooks made by hand count. */
  async find(opened, { webhookUrl, scope }) {
    const [organization = "", name] = scope.split("/");
    const targets: HookTarget[] = [{ kind: "organization", organization }];
    if (name !== undefined) targets.unshift({ kind: "repository", repository: scope });
    for (const target of targets) {
      const path = hooksPath(target);
      const id = path === undefined ? undefined : await findHookId(opened, { webhookUrl, target });
      if (id !== undefined) return `${path}/${id}`;
    }
    return undefined;
  },

  async list({ api, session }, { source, since, until, cursor }) {
    const url = `${session.baseUrl}${hookPath(source)}/deliveries`;
    const reply = await follow(session, { url, query: { per_page: PAGE_SIZE, cursor } });
    if (reply.status !== 200) throw unknownAnswer(api, reply);
    const attempts = objectsIn(reply.json);
    const timeOf = (attempt: unknown): number => Date.parse(textAt(attempt, "delivered_at") ?? "");
    const inWindow = attempts.filter((attempt) => {
      const isEvent = attempt["event"] !== "ping"; // which says nothing but that the hook is there
      return isEvent && timeOf(attempt) >= Date.parse(since) && timeOf(attempt) <= Date.parse(until);
    });
    const isOver = attempts.length === 0 || timeOf(attempts.at(-1)) < Date.parse(since);
    const next = isOver ? undefined : nextCursor(reply.headers.get("link"));
    return {
      deliveries: inWindow.flatMap((attempt) => {
        const [id, deliveryId] = [textAt(attempt, "id"), textAt(attempt, "guid")];
        return id === undefined || deliveryId === undefined ? [] : [{ id, deliveryId }];
      }),
      ...(next === undefined ? {} : { cursor: next }),
    };
  },

  async redeliver({ api, session }, { source, id }) {
    const url = `${session.baseUrl}${hookPath(source)}/deliveries/${encodeURIComponent(id)}/attempts`;
    const reply = await session.call({ method: "POST", url, json: {} });
    if ([400, 404, 422].includes(reply.status)) throw rejected(api, reply);
    if (reply.status >= 300) throw unknownAnswer(api, reply);
  },
};

const PAGE_SIZE = 100;
const hook = /^\/(?:repos\/[^/]+|orgs)\/[^/]+\/hooks\/\d+$/;

function hookPath(source: string): string {
  if (!hook.test(source)) throw unsupported();
  return source;
}

/** `<https://…?per_page=100&cursor=v1_17323292984>; rel="next"`. */
function nextCursor(link: string | null): string | undefined {
  const [, url = ""] = /<([^>]+)>;\s*rel="next"/.exec(link ?? "") ?? [];
  return URL.canParse(url) ? (new URL(url).searchParams.get("cursor") ?? undefined) : undefined;
}
