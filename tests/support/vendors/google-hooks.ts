import type { Answer, Received } from "./stand-in";

/** A push subscription as it was asked for. */
export interface Subscription {
  readonly topic: string;
  readonly pushConfig: { readonly pushEndpoint?: string; readonly oidcToken?: object };
  readonly expirationPolicy?: object;
  readonly [field: string]: unknown;
}

/** A channel as it was asked for, with what was made of it. Times in milliseconds. */
export interface Channel {
  readonly id: string;
  readonly address: string;
  readonly token: string;
  readonly resourceId: string;
  readonly path: string;
  readonly expiresAt: number;
}

/** A subscription of the Workspace Events API. */
export interface WorkspaceSubscription {
  readonly name: string;
  readonly targetResource: string;
  readonly eventTypes: readonly string[];
  readonly notificationEndpoint: { readonly pubsubTopic: string };
  readonly expireTime: string;
  readonly state?: "ACTIVE" | "SUSPENDED";
}

const DAY_MS = 86_400_000;

const ONE_CLIENT = "Only one user push notification client allowed per developer (call /stop then try again)";

/** Where the changes of Drive begin, as long as there are none. */
export const FIRST_PAGE_TOKEN = 77;

/** An error as Google's services write it. */
export function failed(code: number, reason: string, status: string, message = "…"): Answer {
  return { status: code, json: { error: { code, status, message, errors: [{ reason, domain: "global" }] } } };
}

const notFound = failed(404, "notFound", "NOT_FOUND");
const conflict = failed(409, "alreadyExists", "ALREADY_EXISTS");

/**
 * What makes Google deliver, by the references of the APIs: subscriptions of Pub/Sub (`projects.subscriptions`), Gmail's
 * `users.watch`, the Workspace Events API (one subscription a resource, every change an operation), and channels of
 * Calendar and Drive (unique ids, `channels.stop` by id and resource).
 */
export class GoogleHooks {
  readonly topics = new Set<string>();
  readonly subscriptions = new Map<string, Subscription>();
  watch: { readonly topicName: string; readonly expiresAt: number; readonly labelIds?: readonly string[] } | undefined;
  readonly workspace: WorkspaceSubscription[] = [];
  /** What may be subscribed to. */
  readonly resources = new Set(["//chat.googleapis.com/spaces/AAA"]);
  readonly channels: Channel[] = [];
  /** What may be watched, each by its path, with the longest life of its channels in days. */
  readonly watchable = new Map([
    ["/calendar/v3/calendars/ada%40acme.example/events", 7],
    ["/drive/v3/files/file-1", 1],
    ["/drive/v3/changes", 7],
  ]);
  /** To which times subscriptions were rewound, by name. */
  readonly sought: (readonly [subscription: string, time: string])[] = [];
  /** Whether the next operations are done when they are answered. */
  isDone = true;
  /** Whether what suspended a subscription is resolved. */
  isMended = true;
  /** Said in place of the answer to what was just made. */
  answerLost: Answer | undefined;
  #count = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  respond(request: Received): Answer | undefined {
    const [, service = "", path = ""] = /^\/(\w+)(\/.*)$/.exec(request.path) ?? [];
    if (service === "pubsub") return this.#pubsub(path, request);
    if (service === "gmail" && request.method === "POST") return this.#gmail(path, request);
    if (service === "workspaceevents") return this.#workspaceEvents(path, request);
    if (service === "www" && path.endsWith("/watch")) return this.#watchChannel(path.replace(/\/watch$/, ""), request);
    if (service === "www" && path.endsWith("/channels/stop")) return this.#stopChannel(request);
    return undefined;
  }

  #pubsub(path: string, { method, body }: Received): Answer {
    const [, name = "", verb] = /^\/v1\/(projects\/[^/]+\/subscriptions\/[^/:]+)(?::(\w+))?$/.exec(path) ?? [];
    const known = this.subscriptions.get(name);
    if (method === "PUT") {
      const wanted = JSON.parse(body) as Subscription;
      if (!this.topics.has(wanted.topic)) return notFound;
      if (known) return conflict;
      this.subscriptions.set(name, wanted);
      return this.#made({ name, ...wanted });
    }
    if (!known) return notFound;
    if (method === "DELETE") return this.subscriptions.delete(name) ? { json: {} } : notFound;
    if (verb === "seek") return this.#seek(name, body);
    if (verb !== "modifyPushConfig") return { json: { name, ...known } };
    this.subscriptions.set(name, { ...known, ...(JSON.parse(body) as Pick<Subscription, "pushConfig">) });
    return { json: {} };
  }

  /** To a time, or to a snapshot, which we do not use. */
  #seek(name: string, body: string): Answer {
    const { time } = JSON.parse(body) as { readonly time?: string };
    if (time === undefined) return failed(400, "badRequest", "INVALID_ARGUMENT");
    this.sought.push([name, time]);
    return { json: {} };
  }

  #gmail(path: string, { body }: Received): Answer {
    if (path === "/gmail/v1/users/me/stop") {
      this.watch = undefined;
      return { status: 204 };
    }
    const wanted = JSON.parse(body) as { topicName: string; labelIds?: string[] };
    if (!this.topics.has(wanted.topicName)) return notFound;
    if (this.watch && this.watch.expiresAt > this.#now() && this.watch.topicName !== wanted.topicName)
      return failed(400, "invalidArgument", "INVALID_ARGUMENT", ONE_CLIENT);
    const expiresAt = this.#now() + 7 * DAY_MS;
    this.watch = { ...wanted, expiresAt };
    return { json: { historyId: "1234567890", expiration: String(expiresAt) } };
  }

  #workspaceEvents(path: string, { method, query, body }: Received): Answer {
    const [, name = "", verb] = /^\/v1\/([^:]+)(?::(\w+))?$/.exec(path) ?? [];
    const index = this.workspace.findIndex((subscription) => subscription.name === name);
    const expireTime = new Date(this.#now() + 7 * DAY_MS).toISOString();
    if (name === "subscriptions" && method === "GET") return this.#listWorkspace(query["filter"] ?? "");
    if (name === "subscriptions") {
      const wanted = JSON.parse(body) as WorkspaceSubscription & { ttl: string };
      if (this.workspace.some(({ targetResource }) => targetResource === wanted.targetResource)) return conflict;
      if (!this.resources.has(wanted.targetResource)) return notFound;
      const { ttl, ...fields } = wanted;
      if (ttl !== "0s") return failed(400, "badRequest", "INVALID_ARGUMENT");
      const made = { ...fields, name: `subscriptions/chat-spaces-${++this.#count}`, expireTime };
      this.workspace.push(made);
      return this.#made(this.#operation(made));
    }
    const known = this.workspace[index];
    if (!known) return notFound;
    if (method === "DELETE") {
      this.workspace.splice(index, 1);
      return { json: { done: true } };
    }
    if (verb === "reactivate") {
      if (!this.isMended) return failed(400, "failedPrecondition", "FAILED_PRECONDITION");
      this.workspace[index] = { ...known, state: "ACTIVE" };
      return { json: this.#operation({ ...known, state: "ACTIVE" }) };
    }
    if (method !== "PATCH" || query["updateMask"] !== "ttl") return failed(400, "badRequest", "INVALID_ARGUMENT");
    this.workspace[index] = { ...known, expireTime };
    return { json: this.#operation({ ...known, expireTime }) };
  }

  /** As after an error at the topic, or of the user's authorisation. */
  suspend(): void {
    this.workspace.splice(0, 1, ...this.workspace.slice(0, 1).map((one) => ({ ...one, state: "SUSPENDED" as const })));
  }

  #operation(response: WorkspaceSubscription): object {
    return this.isDone ? { done: true, response } : { name: "operations/1", done: false };
  }

  /** By the query that we make: a filter has to name an event type. */
  #listWorkspace(filter: string): Answer {
    const [, type, resource] = /^\(event_types:"([^"]+)".*\) AND target_resource="([^"]+)"$/.exec(filter) ?? [];
    if (type === undefined) return failed(400, "badRequest", "INVALID_ARGUMENT");
    const found = this.workspace.filter(
      ({ targetResource, eventTypes }) => targetResource === resource && eventTypes.includes(type),
    );
    return { json: found.length > 0 ? { subscriptions: found } : {} };
  }

  #watchChannel(path: string, { body, query }: Received): Answer {
    const days = this.watchable.get(path);
    if (days === undefined) return notFound;
    if (path === "/drive/v3/changes" && query["pageToken"] !== String(FIRST_PAGE_TOKEN))
      return failed(400, "required", "INVALID_ARGUMENT");
    const { id, type, address, token, expiration } = JSON.parse(body) as Record<string, string>;
    if (id === undefined || id.length > 64 || type !== "web_hook" || !(address ?? "").startsWith("https:"))
      return failed(400, "invalid", "INVALID_ARGUMENT");
    // Ids stay taken, also those of channels that have ended.
    if (this.channels.some((channel) => channel.id === id))
      return failed(400, "channelIdNotUnique", "INVALID_ARGUMENT");
    const expiresAt = Math.min(Number(expiration), this.#now() + days * DAY_MS);
    const resourceId = `resource of ${path}`;
    this.channels.push({ id, address: address ?? "", token: token ?? "", resourceId, path, expiresAt });
    return this.#made({ kind: "api#channel", id, resourceId, resourceUri: path, expiration: String(expiresAt) });
  }

  #stopChannel({ body }: Received): Answer {
    const { id, resourceId } = JSON.parse(body) as Record<string, string>;
    const index = this.openChannels.findIndex((channel) => channel.id === id && channel.resourceId === resourceId);
    const channel = this.openChannels[index];
    if (!channel) return notFound;
    this.channels[this.channels.indexOf(channel)] = { ...channel, expiresAt: this.#now() };
    return { status: 204 };
  }

  /** Those that still deliver. */
  get openChannels(): readonly Channel[] {
    return this.channels.filter(({ expiresAt }) => expiresAt > this.#now());
  }

  #made(json: object): Answer {
    const lost = this.answerLost;
    this.answerLost = undefined;
    return lost ?? { json };
  }
}
