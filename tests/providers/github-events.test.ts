import { readFileSync } from "node:fs";
import { join } from "node:path";
import examples from "@octokit/webhooks-examples";
import type { ParsedDelivery } from "../../shared/core/provider";
import { eventNameOf, eventTypes } from "../../shared/core/webhook-event";
import { github } from "../../shared/providers/github";
import { githubEvents } from "../../shared/providers/github-events";
import { parseAs } from "../support/parse";

const repository = { id: 7, full_name: "octo/hello" };
const sender = { id: 9, login: "mona" };

function parse(name: string, body: object): ParsedDelivery {
  return parseAs(github, body, { "X-GitHub-Event": name });
}

/** The catalogue, a line an event: X-GitHub-Event[.action] | body | entityType.eventType | entityId. */
const catalogue = readFileSync(join(__dirname, "../fixtures/github/events.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" | "));

const recorded = examples.flatMap(({ name, examples: bodies }) =>
  name === "ping" ? [] : bodies.map((body, index) => ({ name, index, body })),
);

describe("GitHub's events", () => {
  it.each(catalogue)("reads %s %s as %s of %s", (nativeType = "", body = "", eventName, entityId) => {
    const [name = "", action] = nativeType.split(".");
    const { events } = parse(name, { action, repository, sender, ...JSON.parse(body) });
    expect(events.map((event) => [eventNameOf(event), event.entityId, event.nativeType, event.nativeAction])).toEqual([
      [eventName, entityId, nativeType, action],
    ]);
  });

  it("are all in that list", () => {
    const listed = new Set(catalogue.map(([nativeType = ""]) => nativeType.replace(/\..*/, "")));
    const known = [...githubEvents.keys(), "push", "create", "delete"];
    expect([...listed].sort()).toEqual(known.sort());
  });

  it.each(recorded)("are found, with their ids, in GitHub's example $index of $name", ({ name, body }) => {
    const { events, ignored } = parse(name, body);
    expect(ignored).toBeUndefined();
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) {
      expect(event.entityType).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(event.entityId).toMatch(/./);
      expect(eventTypes).toContain(event.eventType);
    }
  });

  it.each([
    ["planets", { action: "created", planet: { id: 39 } }, "planet.created", "39"],
    ["sub_issues", { action: "sub_issue_added", sub_issue: { id: 39 } }, "sub_issue.updated", "39"],
    ["galaxies", { action: "removed", galaxies: { id: 39 } }, "galaxy.deleted", "39"],
    ["projects_v2", { action: "restored", projects_v2: { id: 39 } }, "projects_v2.restored", "39"],
    ["campus", { action: "edited", campus: { id: 39 } }, "campus.updated", "39"],
    ["planet", { action: "deleted" }, "planet.occurred", "7"],
  ])("that are new are read by their name: %s %j as %s of %s", (name, body, eventName, entityId) => {
    const [event] = parse(name, { repository, ...body }).events;
    expect(event).toMatchObject({ entityId, nativeType: `${name}.${body.action}`, completeness: "hint" });
    expect(event && eventNameOf(event)).toBe(eventName);
  });
});
