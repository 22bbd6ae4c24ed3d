import { createHash, verify, type KeyObject } from "node:crypto";
import { GitHubDeliveries } from "./github-deliveries";
import { GitHubHooks } from "./github-hooks";
import { type Answer, type Received, StandIn, Tokens } from "./stand-in";

/**
 * GitHub's REST API as docs.github.com/en/rest describes it, for one repository: issues (a deleted one is 410), comments,
 * pulls and refs; hooks of repositories and organisations, and their deliveries; ETags; pages by `Link`; 404 for what the
 * token may not see; an App's installation tokens; expiring user tokens, whose refresh answers errors with the status 200
 * ("Refreshing user access tokens").
 */
export class GitHubStandIn {
  readonly tokens = new Tokens();
  readonly server: StandIn;
  /** Records by path below the API's address; `undefined` for a deleted one that answers 410. */
  readonly records = new Map<string, object | undefined>();
  readonly hooks = new GitHubHooks();
  readonly deliveries = new GitHubDeliveries();
  /** Other names of repositories, each with the id of its repository. */
  readonly renamed = new Map<string, number>();
  /** The App's public key. */
  appKey: KeyObject | undefined;
  /** Clock by which an App's JWT is checked, in milliseconds. */
  now = 0;

  private constructor(server: StandIn) {
    this.server = server;
  }

  static async start(): Promise<GitHubStandIn> {
    const standIn: GitHubStandIn = new GitHubStandIn(await StandIn.start((request) => standIn.#respond(request)));
    return standIn;
  }

  /** The address of the token endpoint. */
  get tokenUrl(): string {
    return `${this.server.url}/login/oauth/access_token`;
  }

  #respond(request: Received): Answer {
    const { method, path } = request;
    if (path === "/login/oauth/access_token") return this.#refresh(request);
    if (/^\/app\/installations\/\d+\/access_tokens$/.test(path)) return this.#installationToken(request);
    if (!this.tokens.isGood(request.token)) return { status: 401, json: { message: "Bad credentials", status: "401" } };
    if (path === "/graphql") return this.#graphql(request);
    const answer = this.hooks.respond(request) ?? this.deliveries.respond(request, this.server.url);
    if (answer) return answer;
    if (method === "GET") return this.#read(request);
    return this.#write(request);
  }

  #refresh({ body, headers }: Received): Answer {
    const fields = new URLSearchParams(body);
    if (headers["accept"] !== "application/json" || fields.get("client_secret") !== "client-hunter2") {
      return { json: { error: "incorrect_client_credentials", error_description: "The client_id and/or …" } };
    }
    const granted = this.tokens.rotate(fields.get("refresh_token"));
    if (!granted) return { json: { error: "bad_refresh_token", error_description: "The refresh token passed is …" } };
    return { json: { ...granted, expires_in: 28_800, refresh_token_expires_in: 15_811_200, token_type: "bearer" } };
  }

  /** 201 with a token for an hour; the JWT must be the App's, at most ten minutes long, and not from the future. */
  #installationToken({ token = "" }: Received): Answer {
    const [head = "", claims = "", signature = ""] = token.split(".");
    const { iss, iat, exp } = JSON.parse(Buffer.from(claims || "e30", "base64url").toString()) as Record<
      string,
      number
    >;
    const isSigned =
      this.appKey !== undefined &&
      verify("sha256", Buffer.from(`${head}.${claims}`), this.appKey, Buffer.from(signature, "base64url"));
    const nowS = this.now / 1000;
    const isTimely = iat !== undefined && exp !== undefined && iat <= nowS && exp > nowS && exp - iat <= 600;
    if (!isSigned || !isTimely || String(iss) !== "12345") {
      return { status: 401, json: { message: "A JSON web token could not be decoded", status: "401" } };
    }
    const expires_at = new Date(this.now + 3_600_000).toISOString();
    return { status: 201, json: { token: this.tokens.grant(), expires_at, permissions: { issues: "write" } } };
  }

  #read(request: Received): Answer {
    const { path, query, headers } = request;
    const [, owner = "", name = "", rest = ""] = /^\/repos\/([^/]+)\/([^/]+)(\/.*)?$/.exec(path) ?? [];
    const moved = this.renamed.get(`${owner}/${name}`);
    if (moved !== undefined) {
      const location = `${this.server.url}/repositories/${moved}${rest}`;
      return { status: 301, headers: { location }, json: { message: "Moved Permanently", url: location } };
    }
    if (this.records.has(path)) return toAnswer(this.records.get(path), headers["if-none-match"]);
    const list = this.#list(path, query);
    if (list) return this.#page(list, request);
    return { status: 404, json: { message: "Not Found", status: "404" } };
  }

  #list(path: string, query: Received["query"]): object[] | undefined {
    if (path === "/user/repos") return this.#below(/^\/repos\/[^/]+\/[^/]+$/);
    const isList = /^\/repos\/[^/]+\/[^/]+\/(issues|pulls|issues\/comments|pulls\/comments)$/.test(path);
    const repository = path.split("/").slice(0, 4).join("/");
    if (!isList || !this.records.has(repository)) return undefined;
    const all = this.#below(new RegExp(`^${path}/\\d+$`)) as { updated_at: string }[];
    const sorted = all.sort((a, b) => a.updated_at.localeCompare(b.updated_at));
    if (query["direction"] === "desc") sorted.reverse();
    return sorted.filter(({ updated_at }) => query["since"] === undefined || updated_at >= query["since"]);
  }

  #below(pattern: RegExp): object[] {
    return [...this.records].flatMap(([path, record]) => (record && pattern.test(path) ? [record] : []));
  }

  #page(list: object[], { path, query }: Received): Answer {
    const [size, page] = [Number(query["per_page"] ?? 30), Number(query["page"] ?? 1)];
    const next = `<${this.server.url}${path}?per_page=${size}&page=${page + 1}>; rel="next"`;
    const headers = page * size < list.length ? { link: `${next}, <${this.server.url}${path}>; rel="first"` } : {};
    return { headers, json: list.slice((page - 1) * size, page * size) };
  }

  #write({ method, path, body }: Received): Answer {
    const fields = JSON.parse(body) as Record<string, unknown>;
    const updated_at = "2026-11-24T12:30:00Z";
    if (method === "POST") {
      if (typeof fields["title"] !== "string") {
        const errors = [{ resource: "Issue", field: "title", code: "missing_field" }];
        return { status: 422, json: { message: "Validation Failed", errors, status: "422" } };
      }
      const issue = { id: 9001, number: 90, node_id: "I_90", title: fields["title"], updated_at };
      this.records.set(`${path}/90`, issue);
      return { status: 201, json: issue };
    }
    const issue = this.records.get(path);
    if (!issue) return { status: 404, json: { message: "Not Found", status: "404" } };
    const changed = { ...issue, ...fields, updated_at };
    this.records.set(path, changed);
    return { json: changed };
  }

  #graphql({ body }: Received): Answer {
    const { query, variables } = JSON.parse(body) as { query: string; variables: { issueId: string } };
    const path = [...this.records].find(
      ([, record]) => record && "node_id" in record && record.node_id === variables.issueId,
    )?.[0];
    if (!query.includes("deleteIssue") || path === undefined) {
      return { json: { data: null, errors: [{ type: "NOT_FOUND", message: "Could not resolve to a node …" }] } };
    }
    this.records.set(path, undefined);
    return { json: { data: { deleteIssue: { clientMutationId: null } } } };
  }
}

function toAnswer(record: object | undefined, ifNoneMatch: string | undefined): Answer {
  if (record === undefined) return { status: 410, json: { message: "This issue was deleted", status: "410" } };
  const etag = `W/"${createHash("sha256").update(JSON.stringify(record)).digest("hex")}"`;
  return ifNoneMatch === etag ? { status: 304, headers: { etag } } : { headers: { etag }, json: record };
}
