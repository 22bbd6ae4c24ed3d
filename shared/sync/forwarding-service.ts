import type { EngineMessage, EngineReceipt, ExternalEngine } from "../core/external-engine";
import type { SyncTask, SyncTaskRequest, SyncTaskService } from "../core/sync-task";
import { messageOfEvent, messageOfWork } from "./engine-message";
import { demandTenantKey, type NewTask, taskOfEvents, taskOfWork } from "./task-documents";
import { type RunEnd, runTask, type TaskRunnerDependencies } from "./task-runner";

/** What it works with. */
export interface ForwardingDependencies extends TaskRunnerDependencies {
  readonly engine: ExternalEngine;
  /** How long finished tasks are kept, in seconds. */
  readonly retentionSeconds: number;
}

/**
 * SyncTaskService for a team with a sync engine of its own: hands each task over and keeps its document. It stores no
 * shards, and reads and writes nothing at the provider. A task that was handed over and not noted is handed over again,
 * under the same ids.
 */
export function createForwardingService(dependencies: ForwardingDependencies): SyncTaskService {
  return {
    async enqueueSyncTask(request) {
      const { task, messages } = toForward(dependencies, request);
      return runTask(dependencies, { task, mayTakeLong: true }, async (stopwatch): Promise<RunEnd> => {
        const receipt = await stopwatch.time("forward", () => handAll(dependencies.engine, messages));
        return { changes: { status: "completed", source: "forwarded", ...toChanges(receipt) } };
      });
    },
  };
}

/** Answers the last receipt. */
async function handAll(engine: ExternalEngine, messages: readonly EngineMessage[]): Promise<EngineReceipt> {
  let receipt: EngineReceipt = {};
  for (const message of messages) receipt = await engine.hand(message);
  return receipt;
}

/** Several events of a task go out one by one, because the engine tells repetitions by the event's id. */
function toForward(
  { now, retentionSeconds }: ForwardingDependencies,
  request: SyncTaskRequest,
): { readonly task: NewTask; readonly messages: readonly EngineMessage[] } {
  const context = { attempt: request.attempt, now: now(), retentionSeconds };
  if ("work" in request) return { task: taskOfWork(request.work, context), messages: [messageOfWork(request.work)] };
  const { events } = request;
  const task = taskOfEvents(events, { tenantKey: demandTenantKey(events[0]), ...context });
  return { task, messages: events.map((event) => messageOfEvent(event, task.id)) };
}

function toChanges({ taskId, change }: EngineReceipt): Partial<SyncTask> {
  return {
    ...(taskId === undefined ? {} : { externalTaskId: taskId }),
    ...(change === undefined ? {} : { result: { change } }),
  };
}
