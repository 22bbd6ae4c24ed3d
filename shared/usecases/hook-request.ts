import { hash } from "node:crypto";
import type { HookLedger } from "../core/hook-ledger";
import { type HookPlace, type HookRequest, type HookTarget, partsOf, setUpConnectionId } from "../core/provider-hook";
import type { ConnectionKey } from "../core/record-reader";
import type { Registration, VerificationSettings } from "../core/registration";
import { LEDGERS } from "../repositories/hook-ledgers";
import { providerNamed } from "./provider-of";
import { webhookUrlOf } from "./registration-rules";
import type { Services } from "./services";

/** What the hooks of a webhook are to be like, and a digest by which a change of it is known. */
export interface WantedHooks {
  readonly registration: Registration;
  readonly request: HookRequest;
  readonly digest: string;
}

/**
 * What the provider is asked for on behalf of a registration.
 * @throws {WebhookError} `secrets_unavailable`
 */
export async function wantedHooksOf(
  services: Services,
  registration: Registration,
  target: HookTarget,
): Promise<WantedHooks> {
  const { id, integrationId, events, secretVersion, verification } = registration;
  const provider = providerNamed(services, integrationId);
  const secret = secretVersion === undefined ? undefined : await services.secrets.get(id, secretVersion);
  const request = {
    registrationId: id,
    webhookUrl: webhookUrlOf(services, id),
    target,
    events: provider.provisioning?.eventsOf(events) ?? [],
    ...(secret === undefined ? {} : { secret }),
    ...identityOf(verification),
  };
  return { registration, request, digest: digestOf({ ...request, secret: secretVersion }) };
}

function identityOf({ serviceAccountEmail, audience }: VerificationSettings): Pick<HookRequest, "identity"> {
  return serviceAccountEmail === undefined || audience === undefined
    ? {}
    : { identity: { serviceAccountEmail, audience } };
}

/** The secret is told by its version: a digest of the secret itself would help who tries to guess it. */
function digestOf(request: object): string {
  return hash("sha256", JSON.stringify(request), "hex");
}

/** What is left to tell a webhook's hooks by once it is gone. */
export function placeOf({ id, webhookUrl, target }: HookLedger): HookPlace {
  return { registrationId: id, webhookUrl, target };
}

/** Whose credentials a ledger's hooks are made with. */
export function connectionOf({ tenantId, tenantKey, integrationId, connectionId }: HookLedger): ConnectionKey {
  return { tenantId, tenantKey, integrationId, connectionId };
}

/** Time for the registration to be stored: until then, the timer would find nobody who wants these hooks. */
const REGISTERING_MS = 60_000;

/** The ledger of a registration that is about to be stored: all hooks of its target are about to be made. */
export function newLedger(services: Services, registration: Registration, target: HookTarget): HookLedger {
  const hooks = partsOf(target).map((kind, index) => ({ kind, serial: index + 1 }));
  const { id, tenantId, pk, integrationId } = registration;
  return {
    id,
    pk: LEDGERS,
    tenantId,
    schemaVersion: 1,
    tenantKey: pk,
    integrationId,
    connectionId: setUpConnectionId(target, registration.connectionId),
    webhookUrl: webhookUrlOf(services, id),
    target,
    hooks,
    serial: hooks.length,
    asked: 0,
    failures: 0,
    dueAt: services.now() + REGISTERING_MS,
  };
}
