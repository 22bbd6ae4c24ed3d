import type { ProvisioningRules } from "../core/provider";
import { eventTypes } from "../core/webhook-event";
import { githubEvents } from "./github-events";

/** A GitHub login or the name of a repository. */
const name = "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,99})";
const repositoryName = "(?!\\.{1,2}$)[A-Za-z0-9._-]{1,100}";

/** GitHub's REST API makes hooks of repositories and organisations; an App's hook is set in the App itself. */
export const githubProvisioning: ProvisioningRules = {
  targets: [
    {
      type: "object",
      required: ["kind", "repository"],
      additionalProperties: false,
      properties: {
        kind: { const: "repository" },
        repository: { type: "string", pattern: `^${name}/${repositoryName}$`, description: "`owner/name`." },
      },
    },
    {
      type: "object",
      required: ["kind", "organization"],
      additionalProperties: false,
      properties: { kind: { const: "organization" }, organization: { type: "string", pattern: `^${name}$` } },
    },
  ],
  eventsOf,
};

const ALL = ["*"];
/** A hook is told of its own deletion only if it asks for this; it is an event of no other hook ("meta"). */
const OF_THE_HOOK = "meta";

/** What is more than one thing, and so not in the table of events. */
const others: readonly (readonly [name: string, entityTypes: readonly string[]])[] = [
  ["push", ["branch", "tag"]],
  ["create", ["branch", "tag"]],
  ["delete", ["branch", "tag"]],
  ["gollum", ["wiki_page"]],
];

/** Names of events by the first segments of the patterns that they may match: their own, and their entity types. */
const namesBySegment = toIndex([
  ...[...githubEvents].map(([event, { entityType }]) => [event, [entityType]] as const),
  ...others,
]);

function toIndex(events: readonly (readonly [string, readonly string[]])[]): ReadonlyMap<string, ReadonlySet<string>> {
  const index = new Map<string, Set<string>>();
  for (const [event, entityTypes] of events) {
    for (const segment of [event, ...entityTypes]) index.set(segment, (index.get(segment) ?? new Set()).add(event));
  }
  return index;
}

/**
 * GitHub's events are asked for by name alone. A pattern begins with such a name or with our word for the entity, or it
 * stands for events of any: then, and where we do not know the word, all are asked for, and what does not match is left
 * out on receipt.
 */
function eventsOf(patterns: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const pattern of patterns) {
    const [first = "", ...rest] = pattern.toLowerCase().split(".");
    const isAnyEntity = first === "*" || (rest.length === 0 && eventTypes.some((type) => type === first));
    const known = isAnyEntity ? undefined : namesBySegment.get(first);
    if (known === undefined) return ALL;
    for (const event of known) names.add(event);
  }
  return [...names.add(OF_THE_HOOK)].sort();
}
