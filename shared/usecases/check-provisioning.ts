import { type Problem, WebhookError } from "../core/errors";
import type { Provider } from "../core/provider";
import { type HookTarget, setUpConnectionId } from "../core/provider-hook";
import type { Registration } from "../core/registration";
import { connectionKeyOf } from "./connection-view";
import type { Services } from "./services";

/** What a request says of setting a webhook up at its provider. */
export interface ProvisioningRequest {
  /** Set the webhook up at its provider, where that has an API for it. */
  readonly provision?: boolean;
  /** Where; needed with `provision` and of no use without. */
  readonly target?: HookTarget;
}

/**
 * The target to set up; `undefined` where nothing is, because nobody asked for it or the provider has no API.
 * @throws {WebhookError} `invalid_request`
 */
export function wantedTarget(provider: Provider, { provision, target }: ProvisioningRequest): HookTarget | undefined {
  const problem = targetProblem(provider, { provision, target });
  if (problem !== undefined) throw new WebhookError("invalid_request", { problems: [problem] });
  return provision === true ? target : undefined;
}

function targetProblem(
  { displayName, provisioning }: Provider,
  { provision, target }: { readonly [Name in keyof ProvisioningRequest]: ProvisioningRequest[Name] | undefined },
): Problem | undefined {
  if (target === undefined) {
    return provision === true && provisioning ? { path: "/target", message: "is required with provision" } : undefined;
  }
  if (provision !== true) return { path: "/provision", message: "must be true where a target is given" };
  const kinds = provisioning?.targets.map(({ properties }) => properties.kind.const) ?? [];
  if (kinds.includes(target.kind)) return undefined;
  return { path: "/target/kind", message: `is nothing that can be set up at ${displayName}` };
}

/**
 * Holds a registration against what its target needs.
 * @throws {WebhookError} `invalid_request`
 */
export function checkTarget(
  { provisioning }: Provider,
  { verification, secretOrigin }: Pick<Registration, "verification" | "secretOrigin">,
  target: HookTarget,
): void {
  const problems = provisioning?.problems?.(target, verification, secretOrigin) ?? [];
  if (problems.length > 0) throw new WebhookError("invalid_request", { problems });
}

/**
 * Sees that there are credentials to set a webhook up with.
 * @throws {WebhookError} `connection_not_found`, `credentials_missing`, `store_unavailable`
 */
export async function checkCredentials(
  services: Services,
  registration: Registration,
  target: HookTarget,
): Promise<void> {
  const connectionId = setUpConnectionId(target, registration.connectionId);
  const connection = await services.connections.find(connectionKeyOf(services, { ...registration, connectionId }));
  if (connection === undefined) throw new WebhookError("connection_not_found");
  if (connection.auth === undefined) throw new WebhookError("credentials_missing");
}
