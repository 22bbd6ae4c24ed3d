import { isDeepStrictEqual } from "node:util";
import type { DerivedRule, Mapping } from "../core/mapping";
import type { Shard, ShardLink } from "../core/shard";
import { derivedShardIdOf } from "../repositories/shards";
import { newestMark } from "./apply-event";
import type { CustomRule } from "./conflict-rules";
import { derivedLens } from "./lens";
import { nextShard } from "./next-shard";
import { changeShard, isLacking, sourceOf } from "./shard-state";
import { deriveRecords, type MappedDerived } from "./transform";
import { type ShardStores, writeShard } from "./write-shard";

/** The relationship of a derived shard to what it hangs on, where the mapping names none. */
const INVERSE = "belongs_to";

/** The primary shard with its links, and with the names of all rules that ever made a shard of it. */
export function withLinks(primary: Shard, mapping: Mapping | undefined): Shard {
  if (mapping?.derived === undefined && primary.derivedRules === undefined) return primary;
  const present = presentIn(primary, mapping);
  const derivedRules = [...new Set([...(primary.derivedRules ?? []), ...present.map(({ rule }) => rule.name)])];
  return changeShard(primary, {
    links: linksTo(primary, undefined, present),
    derivedRules: derivedRules.length === 0 ? undefined : derivedRules,
  });
}

/** What deriving takes besides the stores. */
export interface Derivation {
  readonly mapping: Mapping | undefined;
  readonly customRules: ReadonlyMap<string, CustomRule>;
}

/**
 * Shards: brings every derived shard to the state of its primary, and answers how many that changed. The primary is
 * saved before: its revision orders what is derived from it, so that a task that was overtaken never overwrites the
 * newer state, and a task that is repeated after a crash finds what is still to be done.
 */
export async function saveDerived(
  stores: ShardStores,
  primary: Shard,
  { mapping, customRules }: Derivation,
): Promise<number> {
  const present = presentIn(primary, mapping);
  let written = 0;
  for (const name of primary.derivedRules ?? []) {
    const key = { tenantId: primary.tenantId, tenantKey: primary.pk, shardId: derivedShardIdOf(primary.id, name) };
    const { shard } = await writeShard(stores, key, (current) => {
      const next = nextDerived(current, primary, { name, present, mapping, customRules, now: stores.now() });
      return next === undefined ? {} : { shard: next };
    });
    if (shard) written++;
  }
  return written;
}

function presentIn(primary: Shard, mapping: Mapping | undefined): readonly MappedDerived[] {
  // A shard may outlive its own record, because it shows duplicates: nothing is derived from what is gone.
  const isOutlived = primary.tombstone !== undefined && primary.merged !== undefined;
  if (primary.status !== "active" || isLacking(primary) || isOutlived) return [];
  return deriveRecords(sourceOf(primary), mapping?.derived);
}

interface DerivedState extends Derivation {
  readonly name: string;
  readonly present: readonly MappedDerived[];
  readonly now: number;
}

/** `undefined` where nothing has to be written. */
function nextDerived(current: Shard | undefined, primary: Shard, state: DerivedState): Shard | undefined {
  const wanted = state.present.find(({ rule }) => rule.name === state.name);
  if (current?.derivedFrom && current.derivedFrom.revision > primary.revision) return undefined;
  if (!current && !wanted) return undefined;
  const mark = newestMark(primary);
  const known = current ?? newDerived(primary, state.name);
  const shard = changeShard(known, {
    mark,
    tombstone: wanted ? undefined : (known.tombstone ?? { ...mark, deletedAt: primary.updatedAt, timed: true }),
    derivedFrom: { shardId: primary.id, rule: state.name, revision: primary.revision },
    links: wanted ? [linkToParent(primary, wanted.rule, state), ...linksTo(primary, state.name, state.present)] : [],
    lastEventId: primary.lastEventId,
    updatedAt: primary.updatedAt,
  });
  const lens = derivedLens(state.mapping, wanted?.rule.shardTypeId ?? known.shardTypeId, state.customRules);
  const source = wanted?.fields ?? sourceOf(known);
  const next = nextShard(current, { shard, source, isCurrent: false }, lens, state.now).shard;
  const withIssues = changeShard(next, { issues: wanted && wanted.issues.length > 0 ? wanted.issues : undefined });
  const isSame = isDeepStrictEqual(current, { ...withIssues, revision: current?.revision });
  return isSame ? undefined : withIssues;
}

function newDerived(primary: Shard, name: string): Shard {
  const { pk, tenantId, schemaVersion, integrationId, connectionId, entityType, externalId } = primary;
  return {
    id: derivedShardIdOf(primary.id, name),
    pk,
    tenantId,
    schemaVersion,
    shardTypeId: name,
    integrationId,
    connectionId,
    entityType,
    externalId,
    ...(primary.idScope === undefined ? {} : { idScope: primary.idScope }),
    ...(primary.scope === undefined ? {} : { scope: primary.scope }),
    status: "active",
    structuredData: {},
    mark: primary.mark,
    fieldMarks: {},
    revision: 0,
    lastEventId: primary.lastEventId,
    createdAt: primary.updatedAt,
    updatedAt: primary.updatedAt,
  };
}

/** Links to the shards that hang on the primary (`parent` undefined) or on one of its derived shards. */
function linksTo(primary: Shard, parent: string | undefined, present: readonly MappedDerived[]): readonly ShardLink[] {
  return present
    .filter(({ rule }) => rule.parent === parent)
    .map(({ rule: { name, shardTypeId, relationship } }) => ({
      shardId: derivedShardIdOf(primary.id, name),
      shardTypeId,
      relationship,
    }));
}

function linkToParent(primary: Shard, rule: DerivedRule, { mapping }: DerivedState): ShardLink {
  const parent = mapping?.derived?.find(({ name }) => name === rule.parent);
  return {
    shardId: parent ? derivedShardIdOf(primary.id, parent.name) : primary.id,
    shardTypeId: parent?.shardTypeId ?? primary.shardTypeId,
    relationship: rule.inverse ?? INVERSE,
  };
}
