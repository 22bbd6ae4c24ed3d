import type { SyncTask } from "../shared/core/sync-task";
import { managementEndpoint } from "../shared/http/endpoint";
import { cursorParameter, limitParameter } from "../shared/http/schemas";
import { syncTaskFilterParameters, syncTaskPageSchema } from "../shared/http/sync-task-schemas";
import { listSyncTasks } from "../shared/usecases/list-sync-tasks";

const statuses: readonly SyncTask["status"][] = syncTaskFilterParameters.status.enum;
const triggers: readonly SyncTask["trigger"][] = syncTaskFilterParameters.trigger.enum;

/** `GET /sync-tasks`: what was synchronised, how, and what is on its way. */
managementEndpoint(
  {
    name: "list-sync-tasks",
    method: "GET",
    route: "sync-tasks",
    summary: "List sync tasks",
    access: "webhooks.read",
    parameters: { query: { ...syncTaskFilterParameters, limit: limitParameter, cursor: cursorParameter } },
    responses: { 200: { description: "One page, newest first.", schema: syncTaskPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query }) => {
    const { registrationId, limit, cursor } = query;
    const status = statuses.find((known) => known === query["status"]);
    const trigger = triggers.find((known) => known === query["trigger"]);
    const page = await listSyncTasks(services, caller.tenantId, {
      limit: typeof limit === "number" ? limit : 50,
      ...(status && { status }),
      ...(trigger && { trigger }),
      ...(typeof registrationId === "string" && { registrationId }),
      ...(typeof cursor === "string" && { cursor }),
    });
    return { jsonBody: page };
  },
);
