import { type CandidateView, confirmCandidate, discardCandidates, showCandidates } from "./pending-secrets";
import { type RegistrationView, toRegistrationView } from "./registration-view";
import { type OwnKey, requireChangeable } from "./require-own";
import type { Services } from "./services";

/** Without either field: show the candidates. */
export interface ConfirmRequest {
  readonly candidateId?: string;
  /** Throw all candidates away, so that the provider's next token is kept. */
  readonly discard?: boolean;
}

/** The candidates, or the registration once one of them is its secret. */
export type ConfirmReply = { readonly candidates: readonly CandidateView[] } | RegistrationView;

/**
 * The owner's step of a handshake in which the provider brings the secret (DESIGN 11, Handshakes).
 * @throws {WebhookError} `registration_not_found`, `forbidden`, `invalid_candidate`
 */
export async function confirmWebhook(services: Services, key: OwnKey, request: ConfirmRequest): Promise<ConfirmReply> {
  const registration = await requireChangeable(services, key);
  if (request.candidateId !== undefined) {
    return toRegistrationView(services, await confirmCandidate(services, registration, request.candidateId));
  }
  if (request.discard === true) {
    await discardCandidates(services, registration);
    return { candidates: [] };
  }
  return { candidates: await showCandidates(services, registration) };
}
