import { type JsonObject, textAt } from "../../core/json";
import { type EventVersion, timeVersion } from "../../core/version";

/** Runs and jobs change without a time of change: their latest milestone counts (DESIGN 11, Versions). */
const milestones = ["completed_at", "started_at", "updated_at", "created_at"];
const times: ReadonlyMap<string, readonly string[]> = new Map([
  ["check_run", milestones],
  ["workflow_run", milestones],
  ["workflow_job", milestones],
  ["pull_request_review", ["updated_at", "submitted_at", "created_at"]],
]);

/** The version of a record: of the same time that the events of its type are versioned by. */
export function githubVersion(entityType: string, record: JsonObject): EventVersion | undefined {
  const names = times.get(entityType) ?? ["updated_at", "created_at"];
  return timeVersion(names.map((name) => textAt(record, name)).find((time) => time !== undefined));
}
