import type { Answer, Received } from "./stand-in";

/** An attempt of delivery as GitHub lists it ("List deliveries for a repository webhook"). */
export interface DeliveryAttempt {
  readonly id: number;
  readonly guid: string;
  readonly delivered_at: string;
  readonly event: string;
  readonly status_code: number;
}

const place = /^(\/(?:repos\/[^/]+|orgs)\/[^/]+\/hooks\/\d+)\/deliveries(?:\/(\d+)\/attempts)?$/;

/**
 * Deliveries of webhooks, docs.github.com/en/rest/repos/webhooks: each attempt by itself, newest first, page by page by a
 * cursor that only the `Link` header tells; any of them can be asked for again (202).
 */
export class GitHubDeliveries {
  /** By the path of the hook. */
  readonly attempts = new Map<string, DeliveryAttempt[]>();
  /** Those that are listed, and not sent again any more, by their `guid`. */
  readonly expired = new Set<string>();
  /** Called when a delivery is asked for again. */
  redeliver: (attempt: DeliveryAttempt) => void = () => undefined;

  respond(request: Received, url: string): Answer | undefined {
    const [, hook = "", id] = place.exec(request.path) ?? [];
    if (hook === "") return undefined;
    const attempts = this.attempts.get(hook) ?? [];
    if (id === undefined) return page(attempts, request, url);
    const attempt = attempts.find((known) => String(known.id) === id && !this.expired.has(known.guid));
    if (request.method !== "POST" || !attempt) return { status: 404, json: { message: "Not Found", status: "404" } };
    this.redeliver(attempt);
    return { status: 202, json: {} };
  }
}

function page(attempts: readonly DeliveryAttempt[], { path, query }: Received, url: string): Answer {
  const start = Math.max(
    0,
    attempts.findIndex(({ id }) => `v1_${id}` === query["cursor"]),
  );
  const end = start + Number(query["per_page"] ?? 30);
  const next = attempts[end];
  const link = `<${url}${path}?per_page=${query["per_page"]}&cursor=v1_${next?.id}>; rel="next"`;
  return { headers: next ? { link } : {}, json: attempts.slice(start, end) };
}
