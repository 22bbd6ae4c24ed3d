import { randomBytes } from "node:crypto";
import { isWebhookError } from "../core/errors";
import type { Document, DocumentStore, SecretStore } from "../core/ports";

/** Says which version of the secret is the key, so that all instances use the same one. */
interface Installation extends Document {
  readonly keyVersion: string;
}

const SECRET = "installation-key";
const ID = "installation";

/**
 * The key that tenant keys are made with. It is made on the first start and never changes, because every registration id
 * depends on it. Of instances that start at the same moment the first to write the document decides for all.
 * @throws {WebhookError} `store_unavailable`, `secrets_unavailable`
 * @throws {Error} the key was deleted: going on with another would orphan every registration
 */
export async function readInstallationKey(store: DocumentStore, secrets: SecretStore): Promise<string> {
  const installations = store.collection<Installation>("registrations");
  const known = await installations.get(ID, ID);
  if (known) return keyOf(known.value, secrets);
  const keyVersion = await secrets.set(SECRET, randomBytes(32).toString("base64"));
  try {
    await installations.create({ id: ID, pk: ID, tenantId: "", schemaVersion: 1, keyVersion });
  } catch (error) {
    if (!isWebhookError(error, "document_exists")) throw error;
  }
  return readInstallationKey(store, secrets);
}

async function keyOf({ keyVersion }: Installation, secrets: SecretStore): Promise<string> {
  const key = await secrets.get(SECRET, keyVersion);
  if (key === undefined) throw new Error(`the secret ${SECRET}, version ${keyVersion}, is gone from the secret store`);
  return key;
}
