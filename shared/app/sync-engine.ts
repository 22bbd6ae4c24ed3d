import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { createExternalEngine } from "../adapters/external-engine/external-engine";
import { SigningSecret } from "../adapters/external-engine/signing-secret";
import { createOutboundHttp } from "../adapters/outbound/outbound-http";
import type { Config } from "../config";
import type { SyncEngineConfig } from "../config/sync-engine";
import { countedOutbound } from "../core/counted-outbound";
import type { Metrics } from "../core/metrics";
import type { Clock, Log, SecretStore } from "../core/ports";
import type { SyncTaskService } from "../core/sync-task";
import { tracedOutbound } from "../core/traced-outbound";
import type { Tracer } from "../core/tracing";
import { coalesceEvents } from "../sync/coalesce-events";
import { countedService } from "../sync/counted-service";
import { createForwardingService } from "../sync/forwarding-service";
import type { ResendDependencies } from "../sync/resend-page";
import { withResends } from "../sync/resend-service";
import { createSyncTaskService, type SyncDependencies } from "../sync/sync-task-service";
import { tracedService } from "../sync/traced-service";

/** What the engine is made of. */
export interface SyncEngineParts extends SyncDependencies, ResendDependencies {
  readonly config: Config;
  readonly metrics: Metrics;
  readonly secrets: SecretStore;
  readonly log: Log;
}

/** The built-in engine, or the way to the one that the settings name: that one gets every event, and at once. */
export function createSyncEngine({ config, metrics, secrets, log, ...parts }: SyncEngineParts): SyncTaskService {
  const watched = (service: SyncTaskService): SyncTaskService =>
    tracedService(countedService(service, metrics.syncTasks), parts.tracer);
  if (config.syncEngine === undefined) {
    const coalescing = { windowMs: config.coalesceWindowMs, now: parts.now, wait, tracer: parts.tracer };
    return withResends(coalesceEvents(watched(createSyncTaskService(parts)), coalescing), parts);
  }
  const engine = openExternalEngine(config.syncEngine, {
    secrets,
    metrics,
    log,
    now: parts.now,
    tracer: parts.tracer,
    timeoutMs: config.outbound.timeoutMs,
  });
  return withResends(watched(createForwardingService({ ...parts, engine })), parts);
}

/** After no time: when the events that are handled in this turn have come. */
function wait(ms: number): Promise<void> {
  return ms > 0 ? delay(ms) : turn();
}

interface Surroundings {
  readonly metrics: Metrics;
  readonly secrets: SecretStore;
  readonly now: Clock;
  readonly tracer: Tracer | undefined;
  readonly log: Log;
  readonly timeoutMs: number;
}

function openExternalEngine(
  { url, secret: setting, policy }: SyncEngineConfig,
  { secrets, metrics, now, tracer, log, timeoutMs }: Surroundings,
): ReturnType<typeof createExternalEngine> {
  log("info", "engine.external", { hosts: policy.hosts });
  const http = tracedOutbound(createOutboundHttp({ policy, timeoutMs }), tracer, { name: "sync_engine", isOurs: true });
  return createExternalEngine({
    url,
    outbound: countedOutbound(http, metrics.outboundCalls, "sync_engine"),
    secret: new SigningSecret({ setting, secrets, now }),
    now,
    log,
  });
}
