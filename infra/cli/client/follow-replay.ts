import { setTimeout as delay } from "node:timers/promises";
import type { JsonObject } from "../../../shared/core/json";
import { type CommandContext, text } from "./command";
import { GatewayError } from "./gateway";

const POLL_MS = 1000;

/**
 * Says how far a replay is until it has ended, or until whoever watches has enough; it runs on without them, and through an
 * outage of the gateway. Answers how it was then.
 * @throws {GatewayError} the gateway refuses to say
 */
export async function followReplay(context: CommandContext, path: string, started: JsonObject): Promise<JsonObject> {
  const { flags, signal, print } = context;
  let replay = started;
  let said = "";
  while (text(replay, "status") === "running" && !signal.aborted) {
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
    replay = (await look(context, path)) ?? replay;
    const progress = `queued ${text(replay, "queued")} of ${text(replay, "replayable")}`;
    if (progress !== said && !flags.json) print(progress);
    said = progress;
  }
  return replay;
}

/** Nothing during an outage. */
async function look({ gateway, warn }: CommandContext, path: string): Promise<JsonObject | undefined> {
  try {
    return await gateway.call("GET", path);
  } catch (error) {
    if (!(error instanceof GatewayError) || !error.isOutage) throw error;
    warn(error.message);
    return undefined;
  }
}
