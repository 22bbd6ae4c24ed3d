import type { ConnectionName } from "../usecases/connection-view";
import type { ManagementContext } from "./endpoint";

/** The connection that a path names. */
export function readConnectionName({
  caller,
  params,
}: Pick<ManagementContext<unknown>, "caller" | "params">): ConnectionName {
  return {
    tenantId: caller.tenantId,
    integrationId: params["integrationId"] ?? "",
    connectionId: readConnectionId(params["connectionId"]),
  };
}

/** A connection's id, as a segment of a path has it. It is free text: hosts decode a segment but for the slash. */
export function readConnectionId(segment = ""): string {
  return segment.replace(/%2f/gi, "/");
}
