import type { Provider } from "./provider";
import { type Explanation, type RefusalReason, refusalReasons, refusalSteps } from "./refusal";

/** Why a delivery was refused, what was found out about it, and the next step: for its owner alone. */
export function refusalSentence({ reason, detail }: Explanation, provider: Provider): string {
  const where = refusalSteps[reason] === undefined ? ` at ${provider.displayName}` : "";
  return [refusalReasons[reason], detail ?? [], `Next step${where}: ${refusalStep(reason, provider)}`].flat().join(" ");
}

/** True for the reason of a refusal; any other is that of a failed synchronisation. */
export function isRefusalReason(reason: string): reason is RefusalReason {
  return Object.hasOwn(refusalReasons, reason);
}

/** What to do about deliveries that are refused for this reason. */
export function refusalStep(reason: RefusalReason, provider: Provider): string {
  return refusalSteps[reason] ?? provider.hints.secret;
}
