import { type Answer, type Received, StandIn, Tokens } from "./stand-in";

interface NotionRecord {
  readonly object: string;
  readonly id: string;
  readonly in_trash: boolean;
  readonly last_edited_time: string;
}

/**
 * Notion's API as developers.notion.com/reference describes it: records by id, 404 `object_not_found` for what is not
 * there or not shared, `in_trash` for what is in the trash, search by object, and the refresh of tokens in JSON with Basic
 * authentication, whose tokens have no stated end.
 */
export class NotionStandIn {
  readonly tokens = new Tokens();
  readonly server: StandIn;
  readonly records = new Map<string, NotionRecord>();

  private constructor(server: StandIn) {
    this.server = server;
  }

  static async start(): Promise<NotionStandIn> {
    const standIn: NotionStandIn = new NotionStandIn(await StandIn.start((request) => standIn.#respond(request)));
    return standIn;
  }

  add(object: string, id: string, last_edited_time: string, fields: object = {}): void {
    this.records.set(id, { object, id, in_trash: false, last_edited_time, ...fields });
  }

  #respond(request: Received): Answer {
    if (request.path === "/v1/oauth/token") return this.#token(request);
    if (request.headers["notion-version"] !== "2026-03-11") return failed(400, "missing_version");
    if (!this.tokens.isGood(request.token)) return failed(401, "unauthorized");
    const { method, path } = request;
    if (path === "/v1/search") return this.#search(JSON.parse(request.body) as SearchBody);
    if (path === "/v1/users") return this.#users(request.query);
    if (method === "POST" && path === "/v1/pages") return this.#create(JSON.parse(request.body) as object);
    const [, collection = "", id = ""] = /^\/v1\/(\w+)\/([\w-]+)$/.exec(path) ?? [];
    const record = this.records.get(id);
    if (record === undefined || `${record.object}s` !== collection) return failed(404, "object_not_found");
    if (method === "GET") return { json: { ...record, request_id: "r-1" } };
    this.add(record.object, id, "2026-11-24T12:30:00.000Z", { ...record, ...(JSON.parse(request.body) as object) });
    return { json: this.records.get(id) };
  }

  #token({ headers, body }: Received): Answer {
    const client = `Basic ${Buffer.from("client:client-hunter2").toString("base64")}`;
    if (headers["authorization"] !== client || headers["content-type"] !== "application/json") {
      return { status: 401, json: { error: "invalid_client" } };
    }
    const { grant_type, refresh_token } = JSON.parse(body) as Record<string, string>;
    const granted = grant_type === "refresh_token" ? this.tokens.rotate(refresh_token) : undefined;
    if (!granted)
      return { status: 400, json: { error: "invalid_grant", error_description: "Token has been revoked." } };
    return { json: { ...granted, token_type: "bearer", bot_id: "b", workspace_id: "w" } };
  }

  #create(fields: object): Answer {
    if (!("parent" in fields)) return failed(400, "validation_error");
    const id = "59833787-2cf9-4fdf-8782-e53db20768a5";
    this.add("page", id, "2026-11-24T12:30:00.000Z", fields);
    return { json: this.records.get(id) };
  }

  #search({ filter, sort, page_size, start_cursor }: SearchBody): Answer {
    if (sort.timestamp !== "last_edited_time") return failed(400, "validation_error");
    const found = [...this.records.values()]
      .filter(({ object, in_trash }) => object === filter.value && !in_trash)
      .sort((a, b) => b.last_edited_time.localeCompare(a.last_edited_time));
    return toPage(found, page_size, start_cursor);
  }

  #users({ page_size, start_cursor }: Received["query"]): Answer {
    const people = [...this.records.values()].filter(({ object }) => object === "user");
    return toPage(people, Number(page_size), start_cursor);
  }
}

interface SearchBody {
  readonly filter: { readonly value: string };
  readonly sort: { readonly timestamp: string };
  readonly page_size: number;
  readonly start_cursor?: string;
}

function toPage(list: readonly object[], size: number, cursor: string | undefined): Answer {
  const start = Number(cursor ?? 0);
  const has_more = start + size < list.length;
  const next_cursor = has_more ? String(start + size) : null;
  return { json: { object: "list", results: list.slice(start, start + size), has_more, next_cursor } };
}

function failed(status: number, code: string): Answer {
  return { status, json: { object: "error", status, code, message: "A sentence about the page of Ada Lovelace." } };
}
