import type { Document } from "./ports";
import type { VerifiedRequest } from "./provider";

/** What a vendor calls an account where one app, with one URL and one secret, serves many of them. */
export const accountKinds = ["workspace", "installation"] as const;

/** One of {@link accountKinds}. */
export type AccountKind = (typeof accountKinds)[number];

/** The ids under which one account may be mapped, the narrowest first: a workspace, then its organisation. */
export type AccountIds = readonly [string, ...string[]];

/** How the deliveries of such an app tell whose they are. */
export interface AccountRouting {
  readonly kind: AccountKind;
  /** What an id of an account looks like, as the source of a regular expression. Every such id may be a document's. */
  readonly idPattern: string;
  /**
   * The accounts that a delivery is for, from its verified body and nothing else. Empty where the body names none, or does
   * so in a form that is not known. Never throws.
   */
  accountsOf(request: VerifiedRequest): readonly AccountIds[];
}

/**
 * Whose the deliveries of one account are, as an operator said. `id` is the account's id. Partition: the id of the shared
 * webhook, whose tenant `tenantId` is.
 */
export interface AccountRoute extends Document {
  /** The webhook that the deliveries are for, in whichever tenant. */
  readonly targetRegistrationId: string;
  readonly targetTenantId: string;
  /** ISO 8601. */
  readonly updatedAt: string;
  /** The subject of the operator's token. */
  readonly updatedBy: string;
}
