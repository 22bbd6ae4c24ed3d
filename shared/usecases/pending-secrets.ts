import type { OpenHandshake } from "../core/provider";
import type { CandidateUse, Registration } from "../core/registration";
import { WebhookError } from "../core/errors";
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

/** Keeps the secret that an open handshake offers, encrypted, until its owner confirms it. Beyond three: none. */
export async function keepCandidate(
  services: Services,
  registration: Registration,
  { candidateSecret: secret, candidateUse: use }: OpenHandshake,
): Promise<void> {
  if (secret === undefined) return;
  const known = await readCandidates(services, registration);
  if (known.length >= MAX_CANDIDATES || known.includes(secret)) return;
  const candidateId = services.newId().slice(0, 12);
  await services.secrets.set(candidateName(registration.id, candidateId), secret);
  const receivedAt = new Date(services.now()).toISOString();
  const candidate = { candidateId, receivedAt, shown: false, ...(use && { use }) };
  await services.registrations.update(registration.id, (current) => {
    const candidates = current.candidateSecrets ?? [];
    return candidates.length >= MAX_CANDIDATES || current.isVerified
      ? current
      : { ...current, candidateSecrets: [...candidates, candidate] };
  });
  services.cache.forget(registration.id);
  services.log("info", "registration.candidate_kept", { registrationId: registration.id });
}

async function readCandidates(services: Services, registration: Registration): Promise<string[]> {
  const current = await services.registrations.find(registration.id);
  const names = (current?.value.candidateSecrets ?? []).map(({ candidateId }) =>
    candidateName(registration.id, candidateId),
  );
  const secrets = await Promise.all(names.map((name) => services.secrets.get(name)));
  return secrets.filter((secret) => secret !== undefined);
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
  const seen = new Set(candidates.map(({ candidateId }) => candidateId));
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
  const confirmed = await services.registrations.update(registration.id, ({ candidateSecrets: _, ...current }) => ({
    ...current,
    secretOrigin: "captured",
    secretVersion,
    verification: {
      ...current.verification,
      scheme: schemeAfterImport(provider, current.verification.scheme),
    },
    updatedAt: new Date(services.now()).toISOString(),
  }));
  if (!confirmed) throw new WebhookError("registration_not_found");
  await dropCandidates(services, registration);
  services.cache.forget(registration.id);
  return confirmed;
}

/** Throws away all candidates of a registration, so that new ones can come. */
export async function discardCandidates(services: Services, registration: Registration): Promise<void> {
  await services.registrations.update(registration.id, ({ candidateSecrets: _, ...current }) => current);
  await dropCandidates(services, registration);
  services.cache.forget(registration.id);
}

/** Deletes the secrets of a registration's candidates. */
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
