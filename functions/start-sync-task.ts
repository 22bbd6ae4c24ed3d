import { Concealed } from "../shared/core/audit";
import { managementEndpoint } from "../shared/http/endpoint";
import { startSyncTaskBodySchema, syncTaskSchema } from "../shared/http/sync-task-schemas";
import { toSyncTaskView } from "../shared/usecases/list-sync-tasks";
import { startSyncTask, type StartRequest } from "../shared/usecases/start-sync-task";

/** `POST /sync-tasks`: synchronises one record, or all of an entity type that changed since a time, page by page. */
managementEndpoint<Omit<StartRequest, "tenantId">>(
  {
    name: "start-sync-task",
    method: "POST",
    route: "sync-tasks",
    summary: "Start a synchronisation",
    access: "webhooks.write",
    body: startSyncTaskBodySchema,
    creates: "/sync-tasks/{taskId}",
    begins: ({ integrationId, connectionId, entityType, entityId, since }) => ({
      ...{ integrationId, connectionId, entityType, since },
      // An id may be a mail address.
      entityId: entityId === undefined ? undefined : new Concealed(entityId),
    }),
    responses: { 202: { description: "The task, queued.", schema: syncTaskSchema } },
    errors: ["invalid_request", "invalid_json", "unknown_integration", "store_unavailable", "queue_unavailable"],
  },
  async ({ services, caller, body }) => {
    const task = await startSyncTask(services, { ...body, tenantId: caller.tenantId });
    return { status: 202, jsonBody: toSyncTaskView(task) };
  },
);
