import type { Registration } from "../core/registration";
import { readSigningKeys } from "../core/signing-keys";
import { standardHeaders } from "../core/standard-webhook";
import { registerWebhook } from "./register-webhook";
import { webhookUrlOf } from "./registration-rules";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** Whose webhook the canary delivers to: nobody else's. */
export const CANARY_TENANT = "castiel-canary";
const BODY = JSON.stringify({ type: "canary.updated", data: { id: "canary" } });
const MINUTE_MS = 60_000;

/** The id of the canary of a minute, by which its outcome is found. `time` in milliseconds since 1970. */
export function canaryIdAt(time: number): string {
  return `canary-${Math.floor(time / MINUTE_MS)}`;
}

/** The canary's webhook, if it was made yet. */
export async function findCanary(services: Services): Promise<Registration | undefined> {
  const { items } = await services.registrations.list(tenantOf(services, CANARY_TENANT), { limit: 1 });
  return items[0];
}

/**
 * Delivers one signed event to a webhook of our own, through the front door: it is verified, queued, drained and
 * synchronised as any other, and changes nothing. Answers the status; nothing where the canary is off.
 * @throws {OutboundError} our own address does not answer
 * @throws {WebhookError} `store_unavailable`, `secrets_unavailable`
 */
export async function runCanary(services: Services): Promise<number | undefined> {
  if (!services.canary) return undefined;
  const registration = (await findCanary(services)) ?? (await makeCanary(services));
  if (registration?.secretVersion === undefined) return undefined;
  const secret = await services.secrets.get(registration.id, registration.secretVersion);
  const now = services.now();
  const headers = {
    "content-type": "application/json",
    ...standardHeaders({ id: canaryIdAt(now), now, body: BODY }, readSigningKeys(secret ?? "") ?? []),
  };
  const url = webhookUrlOf(services, registration.id);
  const { status } = await services.canary.send({ method: "POST", url, headers, body: BODY });
  services.log(status === 200 ? "debug" : "warn", "canary.sent", { status });
  return status;
}

async function makeCanary(services: Services): Promise<Registration | undefined> {
  await registerWebhook(services, {
    tenantId: CANARY_TENANT,
    integrationId: "standard",
    connectionId: "canary",
    events: ["canary.*"],
  });
  return findCanary(services);
}
