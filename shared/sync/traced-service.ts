import type { SyncTaskRequest, SyncTaskService } from "../core/sync-task";
import type { Attributes, TraceContext, Tracer } from "../core/tracing";

/** Each run of a task is a span, which fails with the reason of the task. */
export function tracedService(service: SyncTaskService, tracer: Tracer | undefined): SyncTaskService {
  if (tracer === undefined) return service;
  return {
    enqueueSyncTask: (request) =>
      tracer.run(
        "sync_task",
        { kind: "internal", attributes: attributesOf(request), links: linksOf(request) },
        async (span) => {
          const task = await service.enqueueSyncTask(request);
          span.set({ "castiel.sync_task.id": task.id, "castiel.sync_task.status": task.status });
          return task;
        },
      ),
  };
}

function linksOf(request: SyncTaskRequest): readonly TraceContext[] {
  return "events" in request ? (request.joined ?? []) : [];
}

function attributesOf(request: SyncTaskRequest): Attributes {
  const { integrationId, entityType } = "work" in request ? request.work : request.events[0];
  return {
    "castiel.sync_task.trigger": "work" in request ? request.work.trigger : "webhook",
    "castiel.integration.id": integrationId,
    "castiel.entity.type": entityType,
    ...("events" in request && { "castiel.sync_task.events": request.events.length }),
  };
}
