import { textAt } from "../../../shared/core/json";
import type { Signing } from "../samples/sample";
import { StartError } from "../start-error";
import type { SendRequest } from "./arguments";

/** Where to deliver, and what to sign with. */
export interface Target extends Signing {
  readonly url: string;
}

/**
 * The webhook that was named, or a new one for all events of the provider. What a gateway says about its own address is
 * what Google and Twilio sign; it is called at the address that was given all the same.
 * @throws {StartError} the gateway does not register it
 */
export async function findTarget(request: SendRequest): Promise<Target> {
  const { webhook, gateway, provider, googleKey } = request;
  if (webhook.kind === "new") return register(request, webhook.token);
  const url = `${gateway}/webhooks/${webhook.registrationId}`;
  const scheme = request.scheme ?? provider.schemes[0];
  return { url, secret: webhook.secret, scheme, webhookUrl: url, googleKey };
}

async function register({ gateway, provider, scheme, googleKey }: SendRequest, token: string): Promise<Target> {
  const verification = { ...provider.verification, ...(scheme === undefined ? {} : { scheme }) };
  const reply = await fetch(`${gateway}/integrations/${provider.integrationId}/webhooks`, {
    method: "POST",
    redirect: "manual",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ connectionId: "npm-run-send", events: ["*"], verification }),
  }).catch((error: unknown) => {
    throw new StartError(`no answer from ${gateway}`, error);
  });
  const view: unknown = await reply.json().catch(() => undefined);
  const registrationId = textAt(view, "registrationId") ?? "";
  if (reply.status !== 201 || !/^[\w-]+$/.test(registrationId)) {
    throw new StartError(`${gateway} registered no webhook: ${reply.status} ${textAt(view, "code") ?? ""}`.trim());
  }
  const url = `${gateway}/webhooks/${registrationId}`;
  return {
    url,
    secret: textAt(view, "webhookSecret") ?? "",
    scheme: textAt(view, "verification", "scheme") ?? provider.schemes[0],
    webhookUrl: textAt(view, "verification", "audience") ?? textAt(view, "webhookUrl") ?? url,
    googleKey,
  };
}
