import type { ConnectionName } from "../usecases/connection-view";
import type { ManagementContext } from "./endpoint";

/** The connection that a path names. Its id is free text: hosts decode a segment of the path but for the slash. */
export function readConnectionName({
  caller,
  params,
}: Pick<ManagementContext<unknown>, "caller" | "params">): ConnectionName {
  return {
    tenantId: caller.tenantId,
    integrationId: params["integrationId"] ?? "",
    connectionId: (params["connectionId"] ?? "").replace(/%2f/gi, "/"),
  };
}
