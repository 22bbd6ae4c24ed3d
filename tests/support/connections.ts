import type { Credentials } from "../../shared/core/credentials";
import type { ConnectionKey } from "../../shared/core/record-reader";
import { saveConnection, type SaveConnectionRequest } from "../../shared/usecases/save-connection";
import type { TestApp } from "./test-app";

/** The key of a connection of the tenant that most tests are about. */
export function connectionKey(app: TestApp, overrides: Partial<ConnectionKey> = {}): ConnectionKey {
  const tenantId = overrides.tenantId ?? "tenant-123";
  const tenantKey = app.services.tenantKeyOf(tenantId);
  return { tenantId, tenantKey, integrationId: "github", connectionId: "conn-123", ...overrides };
}

/** Saves a connection with credentials, as its tenant would, and answers its key. */
export async function connect(
  app: TestApp,
  integrationId: string,
  auth: Credentials,
  rest: Omit<SaveConnectionRequest, "auth"> = {},
): Promise<ConnectionKey> {
  const key = connectionKey(app, { integrationId });
  await saveConnection(app.services, key, { ...rest, auth });
  return key;
}
