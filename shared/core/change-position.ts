import type { Document } from "./ports";

/**
 * How far the changes within a collection are known. Partition: the tenant key. It disappears by itself when a collection
 * is silent for long; then the next notice begins anew, and nothing happened in between.
 */
export interface ChangePosition extends Document {
  readonly integrationId: string;
  readonly connectionId: string;
  readonly entityType: string;
  /** Where the next page of changes begins, in the provider's words; absent where there is none to go on from. */
  readonly position?: string;
  /** More pages follow, of what had changed when the first of them was asked for. */
  readonly hasMore?: true;
  /** ISO 8601: whatever changed before is known. */
  readonly since: string;
}
