import { objectsIn, textAt } from "../../core/json";
import { rejected, unknownAnswer, unsupported } from "./failures";
import { follow } from "./github";
import { organizationPath, repositoryPath } from "./github-paths";
import type { VendorDeliveries } from "./vendor-deliveries";
import type { OpenedConnection } from "./vendor-sessions";

/**
 * Deliveries of the webhooks of repositories and organisations, docs.github.com/en/rest/repos/webhooks and
 * …/orgs/webhooks: each attempt by itself, newest first, for some days. GitHub repeats none by itself ("Handling failed
 * webhook deliveries"). A source is the path of a hook.
 */
export const githubDeliveries: VendorDeliveries = {
  way: "redelivery",

  /** In the repository, or else in the organisation that it belongs to: by its URL, so that hooks made by hand count. */
  async find(opened, { webhookUrl, scope }) {
    const [owner = ""] = scope.split("/");
    for (const path of [repositoryPath(scope), organizationPath(owner)]) {
      const found = path === undefined ? undefined : await findHook(opened, `${path}/hooks`, webhookUrl);
      if (found !== undefined) return found;
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
/** Of hooks; GitHub has 20 for each event at most, an Enterprise Server 250. */
const MOST_PAGES = 10;
const hook = /^\/(?:repos\/[^/]+|orgs)\/[^/]+\/hooks\/\d+$/;

/** GitHub answers 404 too where the token may not see hooks, and for a user, who has none. */
async function findHook(
  { api, session }: OpenedConnection,
  path: string,
  webhookUrl: string,
): Promise<string | undefined> {
  for (let page = 1; page <= MOST_PAGES; page++) {
    const reply = await follow(session, { url: session.baseUrl + path, query: { per_page: PAGE_SIZE, page } });
    if (reply.status === 404) return undefined;
    if (reply.status !== 200) throw unknownAnswer(api, reply);
    const hooks = objectsIn(reply.json);
    const id = textAt(
      hooks.find((candidate) => textAt(candidate, "config", "url") === webhookUrl),
      "id",
    );
    if (id !== undefined) return `${path}/${id}`;
    if (hooks.length < PAGE_SIZE) return undefined;
  }
  return undefined;
}

function hookPath(source: string): string {
  if (!hook.test(source)) throw unsupported();
  return source;
}

/** `<https://…?per_page=100&cursor=v1_17323292984>; rel="next"`. */
function nextCursor(link: string | null): string | undefined {
  const [, url = ""] = /<([^>]+)>;\s*rel="next"/.exec(link ?? "") ?? [];
  return URL.canParse(url) ? (new URL(url).searchParams.get("cursor") ?? undefined) : undefined;
}
