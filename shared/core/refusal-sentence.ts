import type { Provider } from "./provider";
import { type Explanation, type RefusalReason, refusalReasons, refusalSteps } from "./refusal";

/** Why a delivery was refused, what was found out about it, and the next step: for its owner alone. */
export function refusalSentence({ reason, detail }: Explanation, provider: Provider): string {
  return [refusalReasons[reason], detail ?? [], refusalStep(reason, provider)].flat().join(" ");
}

/** True for the reason of a refusal; any other is that of a failed synchronisation. */
export function isRefusalReason(reason: string): reason is RefusalReason {
  return Object.hasOwn(refusalReasons, reason);
}

/** What to do about deliveries that are refused for this reason. */
export function refusalStep(reason: RefusalReason, provider: Provider): string {
  const step = refusalSteps[reason];
  return step === undefined ? `Next step at ${provider.displayName}: ${provider.hints.secret}` : `Next step: ${step}`;
}
