import { asArray, asObject, asText, at, type JsonObject, textAt } from "../core/json";
import type { HandshakeReply, ParsedDelivery, Provider } from "../core/provider";
import type { NoticeName } from "../core/provider-notice";
import { DeliveryRefused } from "../core/refusal";
import type { EventType, ProviderEvent } from "../core/webhook-event";
import { explainSignature } from "./explain-signature";
import { githubAccounts } from "./github-accounts";
import { githubBody } from "./github-body";
import { type GitHubEvent, githubEvents, unlistedEvent } from "./github-events";
import { githubProvisioning } from "./github-provisioning";
import { githubSteps } from "./github-setup";
import { demandHmacSha256, readHexSignature } from "./hmac";
import { statedTime } from "./stated-time";
import { trust } from "./trust";

/**
 * GitHub, docs.github.com/en/webhooks. `X-Hub-Signature-256: sha256=<hex>` is HMAC-SHA256 over the body, keyed with the
 * hook's secret; `seed` and `native` mean the same. There is no timestamp: a repeat is told by `X-GitHub-Delivery`.
 * That header and `X-GitHub-Event` are not signed: who captured a delivery could send it again under another id, so it is
 * the version of each event, which is in the body, that keeps an old one from undoing a newer.
 * With the content type `application/x-www-form-urlencoded` the body is `payload=<JSON>`, and it is signed as sent.
 */
const SIGNATURE_HEADER = "x-hub-signature-256";
const SIGNATURE_PREFIX = "sha256=";
const EVENT_HEADER = "x-github-event";
const DELIVERY_HEADER = "x-github-delivery";

const eventName = /^[a-z][a-z0-9_]{0,99}$/;
/** What every body has besides what the event is about ("Webhook payload object common properties"). */
const commonFields = ["action", "repository", "organization", "sender", "installation", "enterprise"];
/** What GitHub says about the hook and the app themselves. */
const noticeFor: ReadonlyMap<string, NoticeName> = new Map([
  ["meta.deleted", "hook_deleted"],
  ["installation.deleted", "app_uninstalled"],
  ["installation.suspend", "app_suspended"],
  ["github_app_authorization.revoked", "authorization_revoked"],
]);
const unknownShape: ParsedDelivery = { events: [], ignored: "unknown_shape" };

/** GitHub's webhooks, of repositories, organisations and GitHub Apps. */
export const github: Provider = {
  id: "github",
  displayName: "GitHub",
  schemes: ["seed", "native"],
  importedScheme: "native",
  usesSecret: true,
  // "Payloads are capped at 25 MB" (webhook-events-and-payloads).
  maxBodyBytes: 25 * 1024 * 1024,
  // Deliveries can be redelivered for the past 3 days (testing-and-troubleshooting-webhooks/redelivering-webhooks).
  rememberSeconds: 3 * 24 * 3600,
  accounts: githubAccounts,
  toldHeaders: {
    shown: [
      "x-github-event",
      "x-github-delivery",
      "x-github-hook-id",
      "x-github-hook-installation-target-type",
      "x-github-hook-installation-target-id",
    ],
    masked: ["x-hub-signature-256"],
  },
  hints: {
    secret: "set the Secret again in GitHub under Settings > Webhooks > Edit; GitHub never shows the present one.",
    deliveries: "open Settings > Webhooks > Edit > Recent Deliveries in GitHub, where each can be redelivered.",
  },

  verify(request, proof) {
    if (!github.schemes.includes(proof.scheme)) throw new DeliveryRefused("scheme_unknown");
    const signature = readHexSignature(request, SIGNATURE_HEADER, SIGNATURE_PREFIX);
    demandHmacSha256(proof.secrets, "", request.body, signature);
    return trust(request);
  },

  explain: explainSignature("github", [
    { schemes: ["seed", "native"], header: SIGNATURE_HEADER, prefix: SIGNATURE_PREFIX, encoding: "hex" },
  ]),

  parse(request) {
    const name = request.headers.get(EVENT_HEADER) ?? "";
    const deliveryId = asText(request.headers.get(DELIVERY_HEADER));
    const { events, ignored } = eventsOf(name, githubBody(request));
    const notices = events.flatMap(({ nativeType }) => noticeFor.get(nativeType) ?? []);
    return { deliveryId, events, ignored, ...(notices.length > 0 && { notices }) };
  },

  handshake: (request) => (request.headers.get(EVENT_HEADER) === "ping" ? pingReply() : undefined),

  setupSteps: githubSteps,
  provisioning: githubProvisioning,
};

function eventsOf(name: string, body: JsonObject | undefined): ParsedDelivery {
  if (body === undefined || !eventName.test(name)) return unknownShape;
  if (name === "ping") return { events: [] };
  const events = readEvents(name, body);
  return events.length === 0 ? unknownShape : { events };
}

function readEvents(name: string, body: JsonObject): readonly ProviderEvent[] {
  if (name === "gollum") return asArray(body["pages"]).flatMap((page) => wikiPageEvent(page, body) ?? []);
  if (name === "push") return listed(pushEvent(body));
  if (name === "create" || name === "delete") return listed(refEvent(name, body));
  return listed(entityEvent(name, body));
}

function listed(event: ProviderEvent | undefined): readonly ProviderEvent[] {
  return event === undefined ? [] : [event];
}

function entityEvent(name: string, body: JsonObject): ProviderEvent | undefined {
  const row = githubEvents.get(name);
  const choices = row === undefined ? unlistedEvent(name) : [row];
  return choices.map((choice) => eventAs(choice, name, body)).find((event) => event !== undefined);
}

function eventAs(row: GitHubEvent, name: string, body: JsonObject): ProviderEvent | undefined {
  const fields = row.object === "" ? body : asObject(body[row.object]);
  const entityId = idAt(body, row.id);
  if (fields === undefined || entityId === undefined) return undefined;
  const action = textAt(body, "action");
  const eventType = eventTypeOf(row, action);
  // The times of a deleted object are of its last change, not of its deletion.
  const { occurredAt, version } = statedTime(eventType === "deleted" ? undefined : firstTime(fields, row.times));
  return {
    entityType: row.entityType,
    eventType,
    entityId,
    nativeType: nativeTypeOf(name, action),
    nativeAction: action,
    occurredAt,
    version,
    scope: scopeOf(body),
    idScope: row.within && textAt(body, row.within, "id"),
    completeness: row.completeness,
    data: omit(fields, row.object === "" ? [...commonFields, ...row.without] : row.without),
  };
}

/**
 * Only what says which commits to read, and who pushed: the commits themselves hold e-mail addresses. The version is the
 * time of the push, because the head commit may be older than that of the push before. A push that deletes has none:
 * `pushed_at` counts whole seconds, and a branch made anew within the same one would stay deleted.
 */
function pushEvent(body: JsonObject): ProviderEvent | undefined {
  const ref = textAt(body, "ref");
  if (ref === undefined) return undefined;
  const eventType = body["deleted"] === true ? "deleted" : body["created"] === true ? "created" : "updated";
  const head = asObject(body["head_commit"]);
  return {
    entityType: ref.startsWith("refs/tags/") ? "tag" : "branch",
    eventType,
    entityId: ref,
    nativeType: "push",
    ...(eventType === "deleted" ? {} : pushTimes(body)),
    scope: scopeOf(body),
    idScope: textAt(body, "repository", "id"),
    completeness: "partial",
    data: {
      ...pick(body, ["ref", "before", "after", "created", "deleted", "forced"]),
      head_commit: head === undefined ? null : pick(head, ["id", "timestamp", "message"]),
      repository: pick(asObject(body["repository"]) ?? {}, ["id", "full_name"]),
      pusher: pick(asObject(body["pusher"]) ?? {}, ["name"]),
    },
  };
}

function firstTime(fields: JsonObject, names: readonly string[]): string | number | undefined {
  return names.map((name) => timeAt(fields, name)).find((time) => time !== undefined);
}

/** GitHub writes times in ISO 8601, and a few in Unix seconds: `repository.pushed_at` of a push, some of installations. */
function timeAt(value: unknown, ...path: readonly string[]): string | number | undefined {
  const time = at(value, ...path);
  if (typeof time === "number") return time * 1000;
  return typeof time === "string" ? time : undefined;
}

function pushTimes(body: JsonObject): Pick<ProviderEvent, "occurredAt" | "version"> {
  const { version } = statedTime(timeAt(body, "repository", "pushed_at"));
  const { occurredAt } = statedTime(timeAt(body, "head_commit", "timestamp"));
  return { occurredAt, version };
}

/** `create` and `delete` give the short name of a ref, a push the full one: here it is full, so that both mean one entity. */
function refEvent(name: "create" | "delete", body: JsonObject): ProviderEvent | undefined {
  const ref = textAt(body, "ref");
  const refType = body["ref_type"];
  if (ref === undefined || (refType !== "branch" && refType !== "tag")) return undefined;
  return {
    entityType: refType,
    eventType: name === "create" ? "created" : "deleted",
    entityId: ref.startsWith("refs/") ? ref : `refs/${refType === "tag" ? "tags" : "heads"}/${ref}`,
    nativeType: name,
    scope: scopeOf(body),
    idScope: textAt(body, "repository", "id"),
    completeness: "hint",
    data: omit(body, commonFields),
  };
}

function wikiPageEvent(page: unknown, body: JsonObject): ProviderEvent | undefined {
  const fields = asObject(page);
  const entityId = textAt(fields, "page_name");
  if (fields === undefined || entityId === undefined) return undefined;
  const action = textAt(fields, "action");
  return {
    entityType: "wiki_page",
    eventType: action === "created" ? "created" : "updated",
    entityId,
    nativeType: nativeTypeOf("gollum", action),
    nativeAction: action,
    scope: scopeOf(body),
    idScope: textAt(body, "repository", "id"),
    completeness: "hint",
    data: fields,
  };
}

function eventTypeOf(row: GitHubEvent, action: string | undefined): EventType {
  if (action === undefined) return row.otherwise;
  if (row.created.includes(action)) return "created";
  if (row.deleted.includes(action)) return "deleted";
  return row.restored.includes(action) ? "restored" : row.otherwise;
}

function nativeTypeOf(name: string, action: string | undefined): string {
  return action === undefined ? name : `${name}.${action}`;
}

function scopeOf(body: JsonObject): string | undefined {
  return textAt(body, "repository", "full_name") ?? textAt(body, "organization", "login");
}

/** The values at paths like `repository.id:sender.id`, joined alike; `undefined` where one of them is missing. */
function idAt(body: JsonObject, paths: string): string | undefined {
  const parts = paths.split(":").map((path) => textAt(body, ...path.split(".")));
  return parts.includes(undefined) ? undefined : parts.join(":");
}

function pick(fields: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
}

function omit(fields: JsonObject, names: readonly string[]): JsonObject {
  if (!names.some((name) => name in fields)) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function pingReply(): HandshakeReply {
  return {
    status: 200,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ success: true, handshake: "ping" }),
  };
}
