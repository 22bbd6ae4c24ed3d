import { isDeepStrictEqual } from "node:util";
import type { Mapping } from "../core/mapping";
import type { Shard } from "../core/shard";
import type { ShardChange } from "../core/sync-task";
import { applyEvents, type ShardKey } from "./apply-event";
import { withLinks } from "./derive-shards";
import type { Fetched } from "./fetch-record";
import { type Lens, nextShard } from "./next-shard";
import { changeShard, sourceOf } from "./shard-state";
import { changesToWrite } from "./write-back";

/** What a task found, to be held against what is stored. */
export interface Findings {
  readonly key: ShardKey;
  readonly current: Shard | undefined;
  readonly fetched: Fetched;
  readonly mapping: Mapping | undefined;
  readonly lens: Lens;
  /** What Castiel changed may go back to the provider. */
  readonly mayWriteBack: boolean;
  readonly now: number;
}

/** What comes of it. */
export interface PlannedShard {
  readonly change: ShardChange;
  /** The shard as it is or will be; absent where there is none and nothing is known. */
  readonly outcome?: Shard;
  /** The same, where it has to be written. */
  readonly shard?: Shard;
  /** Fields on which both sides came to differ, and a rule decided. */
  readonly settled: readonly string[];
}

/** The primary shard after what was fetched: version guard, transformation, conflicts. Decides alone, writes nothing. */
export function planShard(findings: Findings): PlannedShard {
  const { key, current, fetched, lens, now } = findings;
  const source = current && sourceOf(current);
  const applied = applyEvents(current && source && { ...current, structuredData: source }, fetched.evidence, key);
  const found = applied.shard;
  const known = found ?? current;
  if (known === undefined) return { change: applied.change, settled: [] };
  const state = {
    shard: found ? changeShard(found, { readTag: tagOf(found, fetched) }) : known,
    source: found?.structuredData ?? source ?? {},
    isCurrent: fetched.isCurrent,
  };
  const { shard, settled } = nextShard(current, state, lens, now);
  const next = withLinks(withOutgoing(shard, findings), findings.mapping);
  const change = visibleChange(applied.change, current, next);
  if (found === undefined && current !== undefined && isSame(current, next))
    return { change, outcome: current, settled: [] };
  return { change, outcome: next, shard: next, settled };
}

/** A tag stands for a state of the record, so it counts only while nothing else made the source. */
function tagOf(shard: Shard, { readTag }: Fetched): string | undefined {
  return shard.tombstone || Object.keys(shard.fieldMarks).length > 0 ? undefined : readTag;
}

/** Notes what the provider is about to be told, before it is told. */
function withOutgoing(shard: Shard, { mapping, mayWriteBack }: Findings): Shard {
  if (!mapping || !mayWriteBack) return shard;
  const { written } = changesToWrite(shard, mapping);
  if (Object.keys(written).length === 0) return shard;
  return changeShard(shard, { outgoing: { ...shard.outgoing, ...written } });
}

/** What the change comes to for somebody who looks at the shard. */
function visibleChange(change: ShardChange, current: Shard | undefined, next: Shard): ShardChange {
  if (change === "deleted" && next.status === "active") return "updated";
  const isVisible = current?.status !== next.status || !isDeepStrictEqual(current.structuredData, next.structuredData);
  if (change === "updated" || change === "unchanged") return isVisible ? "updated" : "unchanged";
  return change;
}

function isSame(current: Shard, next: Shard): boolean {
  return isDeepStrictEqual(current, { ...next, revision: current.revision });
}
