import type { SyncTask } from "../shared/core/sync-task";
import { managementEndpoint } from "../shared/http/endpoint";
import { pageParameters, readPage } from "../shared/http/schemas";
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
    parameters: { query: { ...syncTaskFilterParameters, ...pageParameters } },
    responses: { 200: { description: "One page, newest first.", schema: syncTaskPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query }) => {
    const { registrationId } = query;
    const status = statuses.find((known) => known === query["status"]);
    const trigger = triggers.find((known) => known === query["trigger"]);
    const page = await listSyncTasks(services, caller.tenantId, {
      ...readPage(query),
      ...(status && { status }),
      ...(trigger && { trigger }),
      ...(typeof registrationId === "string" && { registrationId }),
    });
    return { jsonBody: page };
  },
);
