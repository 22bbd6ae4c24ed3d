import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { createExternalEngine } from "../adapters/external-engine/external-engine";
import { SigningSecret } from "../adapters/external-engine/signing-secret";
import { createOutboundHttp } from "../adapters/outbound/outbound-http";
import type { Config } from "../config";
import type { SyncEngineConfig } from "../config/sync-engine";
import type { Clock, Log, SecretStore } from "../core/ports";
import type { SyncTaskService } from "../core/sync-task";
import { coalesceEvents } from "../sync/coalesce-events";
import { createForwardingService } from "../sync/forwarding-service";
import type { ResendDependencies } from "../sync/resend-page";
import { withResends } from "../sync/resend-service";
import { createSyncTaskService, type SyncDependencies } from "../sync/sync-task-service";

/** What the engine is made of. */
export interface SyncEngineParts extends SyncDependencies, ResendDependencies {
  readonly config: Config;
  readonly secrets: SecretStore;
  readonly log: Log;
}

/** The built-in engine, or the way to the one that the settings name: that one gets every event, and at once. */
export function createSyncEngine({ config, secrets, log, ...parts }: SyncEngineParts): SyncTaskService {
  if (config.syncEngine === undefined) {
    const coalescing = { windowMs: config.coalesceWindowMs, now: parts.now, wait };
    return withResends(coalesceEvents(createSyncTaskService(parts), coalescing), parts);
  }
  const engine = openExternalEngine(config.syncEngine, {
    secrets,
    log,
    now: parts.now,
    timeoutMs: config.outbound.timeoutMs,
  });
  return withResends(createForwardingService({ ...parts, engine }), parts);
}

/** After no time: when the events that are handled in this turn have come. */
function wait(ms: number): Promise<void> {
  return ms > 0 ? delay(ms) : turn();
}

interface Surroundings {
  readonly secrets: SecretStore;
  readonly now: Clock;
  readonly log: Log;
  readonly timeoutMs: number;
}

function openExternalEngine(
  { url, secret: setting, policy }: SyncEngineConfig,
  { secrets, now, log, timeoutMs }: Surroundings,
): ReturnType<typeof createExternalEngine> {
  log("info", "engine.external", { hosts: policy.hosts });
  return createExternalEngine({
    url,
    outbound: createOutboundHttp({ policy, timeoutMs }),
    secret: new SigningSecret({ setting, secrets, now }),
    now,
    log,
  });
}
