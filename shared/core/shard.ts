import type { JsonObject } from "./json";
import type { Document } from "./ports";
import type { EventVersion } from "./version";

/** A version together with the order in which we received it, which decides where versions cannot. */
export interface Mark {
  readonly version: EventVersion;
  readonly receivedOrder: number;
}

/** Left by a deletion, so that a late update does not resurrect the record (DESIGN 8). */
export interface Tombstone extends Mark {
  readonly deletedAt: string;
  /** False where the provider gave the deletion no time: it counts as newest at receipt (DESIGN 11). */
  readonly timed: boolean;
}

/** Castiel's unit of stored knowledge: one provider record. Partition: the tenant key. */
export interface Shard extends Document {
  readonly shardTypeId: string;
  readonly integrationId: string;
  readonly connectionId: string;
  readonly entityType: string;
  readonly externalId: string;
  readonly scope?: string;
  readonly structuredData: JsonObject;
  /** The version of the last full snapshot, or of the first partial event. */
  readonly mark: Mark;
  /** Fields that partial events set later than `mark`. */
  readonly fieldMarks: Readonly<Record<string, Mark>>;
  readonly tombstone?: Tombstone;
  readonly lastEventId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}
