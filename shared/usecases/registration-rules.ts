import { WebhookError, type Problem } from "../core/errors";
import { eventPatternSource } from "../core/event-pattern";
import type { Provider } from "../core/provider";
import type { Registration, SecretOrigin, VerificationSettings } from "../core/registration";
import type { Services } from "./services";

/** Settings of `verification` that every provider takes. */
const commonSettings: ReadonlySet<string> = new Set(["scheme", "toleranceSeconds"]);

/** The URL that the provider calls. */
export function webhookUrlOf(services: Services, registrationId: string): string {
  return `${services.rules.publicBaseUrl}/webhooks/${registrationId}`;
}

/** The safe default (DESIGN 5): our own secret by the seed's scheme, the provider's secret by the provider's scheme. */
export function schemeFor(provider: Provider, origin: SecretOrigin): string {
  return origin === "imported" || origin === "captured" ? provider.importedScheme : provider.schemes[0];
}

/** The scheme once the provider's secret takes the place of ours; another scheme than the default was chosen on purpose. */
export function schemeAfterImport(provider: Provider, current: string): string {
  return current === provider.schemes[0] ? provider.importedScheme : current;
}

/** True if a shared secret proves deliveries under this scheme. */
export function usesSecret(provider: Provider, scheme: string): boolean {
  return provider.usesSecret !== (provider.exceptionalSchemes?.includes(scheme) ?? false);
}

/**
 * Holds a secret that the owner brings against what the provider can use.
 * @throws {WebhookError} `invalid_request`
 */
export function checkSecret(
  provider: Provider,
  verification: Registration["verification"],
  secret: string | undefined,
): void {
  if (secret === undefined) return;
  const { scheme } = verification;
  const message = usesSecret(provider, scheme)
    ? provider.secretProblem?.(secret, verification)
    : `is nothing that ${provider.displayName} proves itself with under the scheme ${scheme}`;
  if (message !== undefined) {
    throw new WebhookError("invalid_request", { problems: [{ path: "/webhookSecret", message }] });
  }
}

/**
 * Holds `verification` against what the provider has.
 * @throws {WebhookError} `invalid_request`, with every problem named
 */
export function checkVerification(provider: Provider, verification: VerificationSettings): void {
  const problems: Problem[] = [];
  if (verification.scheme !== undefined && !provider.schemes.includes(verification.scheme)) {
    problems.push({
      path: "/verification/scheme",
      message: `must be one of ${provider.schemes.join(", ")} for ${provider.displayName}`,
    });
  }
  const known = new Set([...commonSettings, ...Object.keys(provider.verificationProperties ?? {})]);
  for (const name of Object.keys(verification)) {
    if (!known.has(name))
      problems.push({ path: `/verification/${name}`, message: `is not a setting of ${provider.displayName}` });
  }
  problems.push(...(provider.settingsProblems?.(verification) ?? []));
  if (problems.length > 0) throw new WebhookError("invalid_request", { problems });
}

/**
 * Bytes with something left out would prove nothing, so that a webhook whose log must not hold some fields keeps none.
 * @throws {WebhookError} `invalid_request`
 */
export function checkKeptBodies({ keepBodies, redact }: Pick<Registration, "keepBodies" | "redact">): void {
  if (keepBodies !== true || redact === undefined) return;
  const message = "cannot go with redact: a body is kept whole or not at all";
  throw new WebhookError("invalid_request", { problems: [{ path: "/keepBodies", message }] });
}

const eventPattern = new RegExp(eventPatternSource);

/**
 * Holds a list of event patterns against their grammar, for callers that do not come by HTTP.
 * @throws {WebhookError} `invalid_request`, with every problem named
 */
export function checkEvents(events: readonly string[]): void {
  const problems: Problem[] = events.length === 0 ? [{ path: "/events", message: "must name at least one event" }] : [];
  for (const [index, pattern] of events.entries()) {
    if (!eventPattern.test(pattern)) problems.push({ path: `/events/${index}`, message: "is not an event pattern" });
  }
  if (problems.length > 0) throw new WebhookError("invalid_request", { problems });
}
