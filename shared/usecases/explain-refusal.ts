import type { DeliveryRequest } from "../core/delivery-request";
import type { Proof } from "../core/provider";
import { DeliveryRefused, type Explanation, type RefusalReason } from "../core/refusal";
import type { CachedRegistration } from "./registration-cache";
import type { Services } from "./services";

/** A delivery that was refused, and what it was held against. */
export interface RefusedDelivery {
  readonly entry: CachedRegistration;
  readonly request: DeliveryRequest;
  readonly proof: Proof;
}

/** The reasons that may mean no more than that another secret was used. */
const mismatches: readonly RefusalReason[] = ["signature_mismatch", "secret_mismatch"];

/**
 * What the owner reads. The caller's answer is the same whatever is found, and so it is if looking for it fails. No
 * more of a webhook's refusals are looked into than the limits allow, since that takes longer than refusing.
 */
export async function explainRefusal(
  services: Services,
  refused: RefusedDelivery,
  reason: RefusalReason,
): Promise<Explanation> {
  const { entry, request, proof } = refused;
  const { id } = entry.registration;
  let explanation: Explanation = { reason };
  if (!services.limits.explanations.take(id, proof.now).allowed) return explanation;
  try {
    explanation = entry.provider.explain?.(request, proof, reason) ?? explanation;
    if (!mismatches.includes(explanation.reason)) return explanation;
    return (await isSignedAsBefore(services, refused)) ? { reason: "previous_secret" } : explanation;
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    services.log("error", "refusal.unexplained", { registrationId: id, error: name });
    return explanation;
  }
}

/** Whether a secret that was replaced would have verified it. That accepts nothing: the verdict is given already. */
async function isSignedAsBefore({ secrets }: Services, { entry, request, proof }: RefusedDelivery): Promise<boolean> {
  const { id, formerSecretVersions = [] } = entry.registration;
  const read = await Promise.all(formerSecretVersions.map((version) => secrets.get(id, version)));
  const former = read.filter((secret) => secret !== undefined);
  if (former.length === 0) return false;
  try {
    await entry.provider.verify(request, { ...proof, secrets: former });
    return true;
  } catch (error) {
    if (error instanceof DeliveryRefused) return false;
    throw error;
  }
}
