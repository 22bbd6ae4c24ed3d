import { hash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "./json";
import type { Document } from "./ports";

/** Who changed something: the subject of a token, or the service itself. */
export interface Actor {
  readonly subject: string;
  readonly tenantId: string;
  readonly isOperator: boolean;
}

/** Of a caller, what the log keeps. */
export function actorOf({ subject, tenantId, isOperator }: Actor): Actor {
  return { subject, tenantId, isOperator };
}

/** What a timer does, for a tenant. */
export function serviceActor(tenantId: string): Actor {
  return { subject: "service", tenantId, isOperator: false };
}

/**
 * One change that somebody made through the management API, or the service by itself. Partition: the tenant key; ids sort
 * newest first. It holds no secret, no credential and no personal data: facts are told by name, each one on purpose.
 */
export interface AuditEntry extends Document {
  /** ISO 8601. */
  readonly at: string;
  /** The name of the function that was called, or of what the service did. */
  readonly action: string;
  /** The path of what was changed, as in `/webhooks/{registrationId}`. */
  readonly resource: string;
  readonly by: Actor;
  /** Facts that changed, as they were; absent where there was nothing. */
  readonly before?: JsonObject;
  /** The same, as they are now; absent where nothing is left. */
  readonly after?: JsonObject;
  /** The code of the error with which a change ended half-way. */
  readonly error?: string;
}

/** A fact of which the log tells that it is there and that it changed, and nothing else. */
export class Concealed {
  /** What is compared. */
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }

  /** What the log holds in its place. */
  toJSON(): string {
    return "(not shown)";
  }
}

/** Facts that are longer as JSON are told by their digest. */
const MAX_FACT_LENGTH = 4096;

/** Of the facts before and after a change, those that differ. */
export function changedFacts(
  before: JsonObject | undefined,
  after: JsonObject | undefined,
): Pick<AuditEntry, "before" | "after"> {
  const names = new Set([before, after].flatMap((facts) => Object.keys(facts ?? {})));
  const differing = [...names].filter((name) => !isDeepStrictEqual(before?.[name], after?.[name]));
  const pick = (facts: JsonObject): JsonObject =>
    Object.fromEntries(
      differing.filter((name) => facts[name] !== undefined).map((name) => [name, toShown(facts[name])]),
    );
  return {
    ...(before !== undefined && differing.length > 0 ? { before: pick(before) } : {}),
    ...(after !== undefined && differing.length > 0 ? { after: pick(after) } : {}),
  };
}

function toShown(fact: unknown): unknown {
  const text = JSON.stringify(fact);
  if (text.length > MAX_FACT_LENGTH) return `sha256:${hash("sha256", text, "hex")}`;
  return fact instanceof Concealed ? fact.toJSON() : fact;
}
