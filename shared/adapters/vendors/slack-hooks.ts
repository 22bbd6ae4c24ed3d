import { asArray, asObject, at, type JsonObject, textAt } from "../../core/json";
import type { OutboundReply } from "../../core/outbound";
import type { HookTarget } from "../../core/provider-hook";
import { failure, rejected, unknownAnswer, unsupported } from "./failures";
import type { HookSession, VendorHooks } from "./vendor-hooks";

/**
 * The event subscriptions of a Slack app, in its manifest: docs.slack.dev/reference/methods/apps.manifest.export and
 * …/apps.manifest.update, by an app configuration token. An update replaces the manifest as a whole, so that the present
 * one is read first and `settings.event_subscriptions` alone is changed in it. Slack checks the URL before it takes it.
 */
export const slackHooks: VendorHooks = {
  async put(context, { request, serial }) {
    const { appId, botEvents = [] } = demandApp(request.target);
    const exported = await call(context, "export", { app_id: appId });
    const manifest = manifestIn(context, exported);
    if (manifest === undefined) throw failure("target_not_found", { ...context, reply: exported, permanent: true });
    const present = asObject(at(manifest, "settings", "event_subscriptions"));
    const bot_events = [...new Set([...asArray(present?.["bot_events"]), ...botEvents])];
    await update(
      context,
      appId,
      withSubscriptions(manifest, { ...present, request_url: request.webhookUrl, bot_events }),
    );
    return { id: appId, serial };
  },

  /** An app that is gone, or delivers elsewhere by now, is left as it is. */
  async remove(context, { target, webhookUrl }) {
    const { appId } = demandApp(target);
    const manifest = manifestIn(context, await call(context, "export", { app_id: appId }));
    if (textAt(manifest, "settings", "event_subscriptions", "request_url") !== webhookUrl) return;
    await update(context, appId, withSubscriptions(manifest ?? {}, undefined));
  },
};

/** Slack's words for an app that there is not, or not for this token. */
const absent: ReadonlySet<string | undefined> = new Set(["app_not_found", "invalid_app_id", "app_not_eligible"]);

function demandApp(target: HookTarget): Extract<HookTarget, { readonly kind: "slack_app" }> {
  if (target.kind === "slack_app") return target;
  throw unsupported();
}

function call({ session }: HookSession, method: "export" | "update", json: JsonObject): Promise<OutboundReply> {
  return session.call({ method: "POST", url: `${session.baseUrl}/apps.manifest.${method}`, json });
}

/** `undefined` where there is no such app. */
function manifestIn({ api }: HookSession, reply: OutboundReply): JsonObject | undefined {
  if (absent.has(api.errorCodeOf(reply))) return undefined;
  const manifest = asObject(at(reply.json, "manifest"));
  if (manifest === undefined) throw unknownAnswer(api, reply);
  return manifest;
}

/** The manifest with these subscriptions, or without any. */
function withSubscriptions(manifest: JsonObject, subscriptions: JsonObject | undefined): JsonObject {
  const { event_subscriptions: _, ...settings } = asObject(manifest["settings"]) ?? {};
  return { ...manifest, settings: { ...settings, ...(subscriptions && { event_subscriptions: subscriptions }) } };
}

async function update(context: HookSession, appId: string, manifest: JsonObject): Promise<void> {
  const reply = await call(context, "update", { app_id: appId, manifest: JSON.stringify(manifest) });
  if (at(reply.json, "ok") === true) return;
  throw context.api.errorCodeOf(reply) === undefined ? unknownAnswer(context.api, reply) : rejected(context.api, reply);
}
