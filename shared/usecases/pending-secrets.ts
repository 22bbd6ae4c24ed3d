import { createHmac } from "node:crypto";
import type { OpenHandshake } from "../core/provider";
import type { CandidateSecret, CandidateUse, Registration } from "../core/registration";
import { WebhookError } from "../core/errors";
import { withSecretVersion } from "../core/rotation";
import { schemeAfterImport } from "./registration-rules";
import type { Services } from "./services";

/** An attacker who guessed a URL can fill this list, so it is short; the owner compares before confirming. */
const MAX_CANDIDATES = 3;

/** A candidate as its owner sees it; the secret is in it the first time only. */
export interface CandidateView {
  readonly candidateId: string;
  readonly receivedAt: string;
  /** Set where it cannot be confirmed, only used at the provider. */
  readonly use?: CandidateUse;
  readonly secret?: string;
}

function candidateName(registrationId: string, candidateId: string): string {
  return `${registrationId}-candidate-${candidateId}`;
}

/**
 * Keeps the secret that an open handshake offers, encrypted, until its owner confirms it. Beyond three: none. Its place in
 * the document is taken first, so that handshakes of the same moment cannot fill the secret store with what has no place.
 */
export async function keepCandidate(
  services: Services,
  registration: Registration,
  { candidateSecret: secret, candidateUse: use }: OpenHandshake,
): Promise<void> {
  if (secret === undefined) return;
  const { id } = registration;
  const candidate: CandidateSecret = {
    candidateId: services.newId().slice(0, 12),
    receivedAt: new Date(services.now()).toISOString(),
    shown: false,
    digest: createHmac("sha256", id).update(secret).digest("hex"),
    ...(use && { use }),
  };
  const updated = await services.registrations.update(id, (current) => withCandidate(current, candidate));
  if (!holds(updated, candidate)) return;
  await storeSecret(services, id, { candidate, secret });
  services.cache.forget(id);
  services.log("info", "registration.candidate_kept", { registrationId: id });
}

/** With one candidate more, or as it was where there is no place for it, or it is known, or nobody waits for it any more. */
function withCandidate(current: Registration, candidate: CandidateSecret): Registration {
  const candidates = current.candidateSecrets ?? [];
  const isWaiting = !current.isVerified && current.secretOrigin === "generated" && current.status !== "inactive";
  const isKnown = candidates.some(({ digest }) => digest === candidate.digest);
  if (!isWaiting || isKnown || candidates.length >= MAX_CANDIDATES) return current;
  return { ...current, candidateSecrets: [...candidates, candidate] };
}

function holds(registration: Registration | undefined, { candidateId }: CandidateSecret): boolean {
  return registration?.candidateSecrets?.some((known) => known.candidateId === candidateId) ?? false;
}

/** Gives the place back where the secret could not be stored, and deletes the secret where its place is gone meanwhile. */
async function storeSecret(
  { registrations, secrets }: Services,
  registrationId: string,
  { candidate, secret }: { readonly candidate: CandidateSecret; readonly secret: string },
): Promise<void> {
  const name = candidateName(registrationId, candidate.candidateId);
  try {
    await secrets.set(name, secret);
  } catch (error) {
    await registrations.update(registrationId, ({ candidateSecrets = [], ...current }) => ({
      ...current,
      candidateSecrets: candidateSecrets.filter(({ candidateId }) => candidateId !== candidate.candidateId),
    }));
    throw error;
  }
  if (!holds((await registrations.find(registrationId))?.value, candidate)) await secrets.delete(name);
}

/** The candidates of a registration; each secret is shown once. */
export async function showCandidates(services: Services, registration: Registration): Promise<CandidateView[]> {
  const candidates = registration.candidateSecrets ?? [];
  const views = await Promise.all(
    candidates.map(async ({ candidateId, receivedAt, shown, use }): Promise<CandidateView> => {
      const secret = shown ? undefined : await services.secrets.get(candidateName(registration.id, candidateId));
      return { candidateId, receivedAt, ...(use && { use }), ...(secret === undefined ? {} : { secret }) };
    }),
  );
  // One whose secret is only just being kept was not seen.
  const seen = new Set(views.filter(({ secret }) => secret !== undefined).map(({ candidateId }) => candidateId));
  await services.registrations.update(registration.id, (current) => ({
    ...current,
    candidateSecrets: (current.candidateSecrets ?? []).map((candidate) =>
      seen.has(candidate.candidateId) ? { ...candidate, shown: true } : candidate,
    ),
  }));
  return views;
}

/**
 * Makes a candidate the secret, with the provider's own scheme unless one was chosen; the generated one counts no more.
 * @throws {WebhookError} `invalid_candidate`
 */
export async function confirmCandidate(
  services: Services,
  registration: Registration,
  candidateId: string,
): Promise<Registration> {
  const candidate = registration.candidateSecrets?.find((known) => known.candidateId === candidateId);
  const isSecret = candidate !== undefined && candidate.use === undefined;
  const secret = isSecret ? await services.secrets.get(candidateName(registration.id, candidateId)) : undefined;
  const provider = services.providers.get(registration.integrationId);
  if (secret === undefined || !provider) throw new WebhookError("invalid_candidate");
  const secretVersion = await services.secrets.set(registration.id, secret);
  const updatedAt = new Date(services.now()).toISOString();
  let replaced = registration;
  const confirmed = await services.registrations.update(registration.id, (before) => {
    const { candidateSecrets: _, ...current } = (replaced = before);
    return {
      ...withSecretVersion(current, secretVersion, updatedAt),
      secretOrigin: "captured",
      verification: {
        ...current.verification,
        scheme: schemeAfterImport(provider, current.verification.scheme),
      },
      updatedAt,
    };
  });
  if (!confirmed) throw new WebhookError("registration_not_found");
  await dropCandidates(services, replaced);
  services.cache.forget(registration.id);
  return confirmed;
}

/** Throws away all candidates of a registration, so that new ones can come. */
export async function discardCandidates(services: Services, registration: Registration): Promise<void> {
  let replaced = registration;
  await services.registrations.update(registration.id, (before) => {
    const { candidateSecrets: _, ...current } = (replaced = before);
    return current;
  });
  await dropCandidates(services, replaced);
  services.cache.forget(registration.id);
}

/** Deletes the secrets of a registration's candidates; `registration` as it was last with them. */
export async function dropCandidates(services: Services, registration: Registration): Promise<void> {
  const candidates = registration.candidateSecrets ?? [];
  await Promise.all(
    candidates.map(({ candidateId }) => services.secrets.delete(candidateName(registration.id, candidateId))),
  );
}

/**
 * Notes the first genuine delivery, and that a failed registration receives again. Never throws: the delivery itself is
 * worth more than this note, and the next one notes it again.
 */
export async function markVerified(services: Services, registration: Registration): Promise<void> {
  try {
    const verifiedAt = new Date(services.now()).toISOString();
    const marked = await services.registrations.update(registration.id, (current) =>
      current.isVerified && current.status !== "failed"
        ? current
        : {
            ...current,
            isVerified: true,
            verifiedAt: current.verifiedAt ?? verifiedAt,
            status: current.status === "failed" ? "active" : current.status,
          },
    );
    if (marked) services.cache.renew(marked);
  } catch (error) {
    services.log("warn", "registration.not_marked", { registrationId: registration.id, error: String(error) });
  }
}
