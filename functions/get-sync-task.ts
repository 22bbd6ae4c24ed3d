import { managementEndpoint } from "../shared/http/endpoint";
import { syncTaskSchema, taskIdParameter } from "../shared/http/sync-task-schemas";
import { getSyncTask } from "../shared/usecases/list-sync-tasks";

/** `GET /sync-tasks/{taskId}`: one task, with its phases, its attempts and its result. */
managementEndpoint(
  {
    name: "get-sync-task",
    method: "GET",
    route: "sync-tasks/{taskId}",
    summary: "Get a sync task",
    access: "webhooks.read",
    parameters: { path: { taskId: taskIdParameter } },
    responses: { 200: { description: "The task.", schema: syncTaskSchema } },
    errors: ["invalid_request", "sync_task_not_found", "store_unavailable"],
  },
  async ({ services, caller, params }) => {
    const key = { tenantId: caller.tenantId, taskId: params["taskId"] ?? "" };
    return { jsonBody: await getSyncTask(services, key) };
  },
);
