import { entityTypeParameter } from "./mapping-schemas";
import { integrationIdParameter } from "./schemas";

/** JSON schemas of sync tasks. */

const time = { type: "string", format: "date-time" } as const;
const text = { type: "string" } as const;
const label = { type: "string", minLength: 1, maxLength: 1000, pattern: "^[^\\u0000-\\u001f]+$" } as const;

/** Path parameter: a sync task. */
export const taskIdParameter = { type: "string", pattern: "^task-[0-9a-z-]{1,120}$" } as const;

/** Query parameters of `GET /sync-tasks`. */
export const syncTaskFilterParameters = {
  status: { enum: ["queued", "running", "waiting", "completed", "failed"] },
  trigger: { enum: ["webhook", "notice", "manual", "gap", "edit"] },
  registrationId: { type: "string", minLength: 1, maxLength: 128 },
} as const;

/** A sync task. */
export const syncTaskSchema = {
  title: "SyncTask",
  type: "object",
  required: ["taskId", "integrationId", "trigger", "entityType", "status", "attempts", "startedAt"],
  properties: {
    taskId: text,
    registrationId: text,
    integrationId: text,
    connectionId: text,
    trigger: syncTaskFilterParameters.trigger,
    entityType: text,
    entityId: { ...text, description: "`*` for all records of the entity type." },
    eventType: text,
    eventIds: { type: "array", items: text },
    status: syncTaskFilterParameters.status,
    attempts: { type: "integer" },
    source: { enum: ["event", "provider", "forwarded"] },
    externalTaskId: { ...text, description: "The id that an external engine gave the task." },
    notRead: { enum: ["unsupported", "no_credentials"] },
    phases: { type: "object", description: "Milliseconds spent in each phase." },
    startedAt: time,
    finishedAt: time,
    waitingUntil: time,
    result: { type: "object" },
    collection: {
      type: "object",
      description: "What had changed in a mailbox, a calendar or among the files of Drive.",
    },
    progress: { type: "object" },
    reason: text,
    givenUp: { const: true, description: "Failed for good." },
  },
} as const;

/** One page of sync tasks. */
export const syncTaskPageSchema = {
  title: "SyncTaskPage",
  type: "object",
  required: ["syncTasks"],
  properties: { syncTasks: { type: "array", items: syncTaskSchema }, nextCursor: text },
} as const;

/** Body of `POST /sync-tasks`. */
export const startSyncTaskBodySchema = {
  title: "StartSyncTask",
  type: "object",
  required: ["integrationId", "connectionId", "entityType"],
  additionalProperties: false,
  properties: {
    integrationId: integrationIdParameter,
    connectionId: label,
    entityType: entityTypeParameter,
    entityId: { ...label, description: "One record; without it all of the entity type." },
    idScope: label,
    scope: label,
    hint: { type: "object", maxProperties: 50, description: "What the provider's API wants besides the id." },
    since: { ...time, description: "Records that changed from then on; by default all." },
  },
} as const;
