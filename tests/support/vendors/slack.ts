import { type SlackMessage, writeToSlack } from "./slack-writes";
import { type Answer, type Received, StandIn, Tokens } from "./stand-in";

/** As far as it matters here. */
interface Manifest {
  readonly settings: {
    readonly event_subscriptions?: { readonly request_url?: string; readonly bot_events?: readonly string[] };
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/**
 * Slack's Web API as docs.slack.dev/reference/methods describes it: 200 with `ok` for everything, errors by name, cursors
 * in `response_metadata`, manifests of apps, and token rotation for twelve hours ("Using token rotation").
 */
export class SlackStandIn {
  readonly tokens = new Tokens();
  readonly server: StandIn;
  /** Messages of the one channel that has any, C1. */
  readonly messages: SlackMessage[] = [];
  /** People, by id, as `users.list` has them. */
  readonly users = new Map<string, object>();
  /** What other methods answer to an id, or as an error. */
  readonly answers = new Map<string, object | string>();

  /** Manifests of apps, by their ids: for app configuration tokens. */
  readonly manifests = new Map<string, Manifest>();
  /** Clock by which configuration tokens end, in milliseconds. */
  now = 0;

  private constructor(server: StandIn) {
    this.server = server;
  }

  static async start(): Promise<SlackStandIn> {
    const standIn: SlackStandIn = new SlackStandIn(await StandIn.start((request) => standIn.#respond(request)));
    return standIn;
  }

  #respond(request: Received): Answer {
    const method = request.path.replace("/api/", "");
    if (method === "oauth.v2.access") return this.#token(request);
    if (method === "tooling.tokens.rotate") return this.#configurationToken(request);
    if (request.token === undefined) return failed("not_authed");
    if (!this.tokens.isGood(request.token)) return failed("invalid_auth");
    const written = writeToSlack(this.messages, method, request);
    if (written) return written;
    const { query } = request;
    switch (method) {
      case "conversations.history":
        return this.#history(query);
      case "conversations.replies":
        return this.#replies(query);
      case "users.info": {
        const user = this.users.get(query["user"] ?? "");
        return user ? { json: { ok: true, user } } : failed("user_not_found");
      }
      case "auth.test":
        return {
          json: { ok: true, url: "https://acme.slack.com/", team: "Acme", team_id: "T1", user_id: "U0", bot_id: "B0" },
        };
      case "users.list":
        return this.#listUsers(query);
      case "apps.manifest.export":
      case "apps.manifest.update":
        return this.#manifest(JSON.parse(request.body) as { app_id: string; manifest?: string });
      default: {
        const answer = this.answers.get(`${method} ${Object.values(query)[0] ?? ""}`.trim()) ?? "unknown_method";
        return typeof answer === "string" ? failed(answer) : { json: { ok: true, ...answer } };
      }
    }
  }

  #token({ body }: Received): Answer {
    const fields = new URLSearchParams(body);
    if (fields.get("client_secret") !== "client-hunter2") return failed("bad_client_secret");
    const granted = this.tokens.rotate(fields.get("refresh_token"));
    if (!granted) return failed("invalid_refresh_token");
    return { json: { ok: true, ...granted, expires_in: 43_200, token_type: "bot", team: { id: "T1" } } };
  }

  #configurationToken({ body }: Received): Answer {
    const granted = this.tokens.rotate(new URLSearchParams(body).get("refresh_token"));
    if (!granted) return failed("invalid_refresh_token");
    const { access_token: token, refresh_token } = granted;
    const iat = Math.floor(this.now / 1000);
    return { json: { ok: true, token, refresh_token, team_id: "T1", user_id: "U1", iat, exp: iat + 43_200 } };
  }

  /** Without a new manifest the present one is exported; a new one comes as JSON text and replaces it. */
  #manifest({ app_id, manifest }: { readonly app_id: string; readonly manifest?: string }): Answer {
    const present = this.manifests.get(app_id);
    if (!present) return failed("app_not_found");
    if (manifest === undefined) return { json: { ok: true, manifest: present } };
    const wanted = JSON.parse(manifest) as Manifest;
    const subscriptions = wanted.settings.event_subscriptions;
    if (subscriptions && (!subscriptions.request_url || subscriptions.bot_events?.includes("nonsense"))) {
      const errors = [{ message: "…", pointer: "/settings/event_subscriptions" }];
      return { json: { ok: false, error: "invalid_manifest", errors } };
    }
    this.manifests.set(app_id, wanted);
    return { json: { ok: true, app_id, permissions_updated: false } };
  }

  /** The messages between two times, without the answers in threads. */
  #history({ channel, oldest = "", latest = "9", inclusive, limit, cursor = "0" }: Received["query"]): Answer {
    if (channel !== "C1") return failed("channel_not_found");
    const messages = this.messages
      .filter(({ ts, thread_ts }) => thread_ts === undefined || thread_ts === ts)
      .filter(({ ts }) => inclusive === "true" && ts >= oldest && ts <= latest);
    const end = Number(cursor) + Number(limit);
    const next = end < messages.length ? { response_metadata: { next_cursor: String(end) } } : {};
    return {
      json: { ok: true, messages: messages.slice(Number(cursor), end), has_more: end < messages.length, ...next },
    };
  }

  /** The first message of a thread, and the answers between two times. */
  #replies({ channel, ts, oldest = "", latest = "" }: Received["query"]): Answer {
    if (channel !== "C1") return failed("channel_not_found");
    const asked = this.messages.find((message) => message.ts === ts);
    if (!asked) return failed("thread_not_found");
    const thread = asked.thread_ts ?? asked.ts;
    const messages = this.messages.filter(
      (message) =>
        message.ts === thread || (message.thread_ts === thread && message.ts >= oldest && message.ts <= latest),
    );
    return { json: { ok: true, messages, has_more: false } };
  }

  #listUsers({ limit, cursor = "0" }: Received["query"]): Answer {
    const [start, size] = [Number(cursor), Number(limit)];
    const all = [...this.users.values()];
    const next_cursor = start + size < all.length ? String(start + size) : "";
    return { json: { ok: true, members: all.slice(start, start + size), response_metadata: { next_cursor } } };
  }
}

function failed(error: string): Answer {
  return { json: { ok: false, error } };
}
