import { isAllowedUrl, type OutboundPolicy } from "../core/outbound";
import { readSigningKeys } from "../core/signing-keys";
import type { Values } from "./settings";

/** A sync engine outside the gateway. */
export interface SyncEngineConfig {
  /** Its query may hold a key of the engine's: never to be logged. */
  readonly url: string;
  /** `whsec_…`, perhaps several; absent where the secret store holds it. Never to be logged. */
  readonly secret?: string;
  /** The engine's host and no other. No tenant's connection may call it, so it is no entry of `OUTBOUND_HOSTS`. */
  readonly policy: OutboundPolicy;
}

/** Reads the settings of the external engine; what is wrong is added to `problems`, which repeat no value. */
export function readSyncEngine(values: Values, problems: string[]): SyncEngineConfig | undefined {
  const [address, secret] = [values["SYNC_TASK_SERVICE_URL"], values["SYNC_TASK_SERVICE_SECRET"]];
  if (secret !== undefined && readSigningKeys(String(secret)) === undefined)
    problems.push(
      "SYNC_TASK_SERVICE_SECRET must be whsec_ and base64 of 24 to 64 bytes, or several with spaces between",
    );
  if (address === undefined) return undefined;
  if (secret === undefined && values["CASTIEL_MODE"] === "embedded")
    problems.push("SYNC_TASK_SERVICE_SECRET is missing");
  if (!URL.canParse(String(address))) {
    problems.push("SYNC_TASK_SERVICE_URL is not a URL");
    return undefined;
  }
  const url = new URL(String(address));
  const policy = { hosts: [url.host], allowLoopback: String(values["OUTBOUND_ALLOW_LOOPBACK"]) === "true" };
  if (!isAllowedUrl(policy, url))
    problems.push(
      "SYNC_TASK_SERVICE_URL must be https, without user and password; OUTBOUND_ALLOW_LOOPBACK opens http on this machine",
    );
  return { url: url.href, policy, ...(secret === undefined ? {} : { secret: String(secret) }) };
}
