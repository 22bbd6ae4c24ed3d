import { type Problem, WebhookError } from "../core/errors";
import type { Provider } from "../core/provider";
import { type HookTarget, setUpConnectionId } from "../core/provider-hook";
import type { Registration } from "../core/registration";
import type { ProvisioningRequest } from "./check-provisioning";
import type { Services } from "./services";

/** What every webhook has that events are queued for, and so no shared one. */
interface OwnFields {
  readonly connectionId?: string;
  readonly events?: readonly string[];
}

const ownFields = ["connectionId", "events"] as const;

/**
 * Holds what a registration asks for against whether it is shared, for callers that do not come by HTTP too.
 * @throws {WebhookError} `invalid_request`, with every problem named
 */
export function checkRouting(
  provider: Provider,
  request: OwnFields & Pick<Registration, "routing"> & ProvisioningRequest,
): void {
  const { routing, target } = request;
  if (routing !== undefined && provider.accounts?.kind !== routing) {
    throw new WebhookError("invalid_request", {
      problems: [{ path: "/routing", message: `is not how ${provider.displayName} tells whose a delivery is` }],
    });
  }
  refuse(routing === undefined ? missingFields(request) : [...needlessFields(request), ...targetProblems(target)]);
}

/** @throws {WebhookError} `invalid_request` for a change of what a shared webhook does not have */
export function checkSharedChange({ routing }: Registration, request: OwnFields): void {
  if (routing !== undefined) refuse(needlessFields(request));
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new WebhookError("invalid_request", { problems });
}

function missingFields(request: OwnFields): readonly Problem[] {
  const missing = ownFields.filter((name) => request[name] === undefined);
  return missing.map((name) => ({ path: `/${name}`, message: "is required" }));
}

function needlessFields(request: OwnFields): readonly Problem[] {
  const needless = ownFields.filter((name) => request[name] !== undefined);
  return needless.map((name) => ({ path: `/${name}`, message: "is nothing that a shared webhook has" }));
}

/** A Slack app can be set up with a connection that the target names; a repository's webhook is of no installation. */
function targetProblems(target: HookTarget | undefined): readonly Problem[] {
  if (target === undefined || setUpConnectionId(target, "") !== "") return [];
  return [{ path: "/target", message: "must name the connection to set it up with, as a shared webhook has none" }];
}

/**
 * A shared webhook of any tenant.
 * @throws {WebhookError} `registration_not_found`, `webhook_not_shared`
 */
export async function requireShared({ registrations }: Services, registrationId: string): Promise<Registration> {
  const found = await registrations.find(registrationId);
  if (!found) throw new WebhookError("registration_not_found");
  if (found.value.routing === undefined) throw new WebhookError("webhook_not_shared");
  return found.value;
}
