import { isWebhookError } from "../core/errors";
import type { Document, Documents } from "../core/ports";

/** Creates a document unless there is one with its id. Answers whether it did. */
export async function createUnlessThere<T extends Document>(documents: Documents<T>, document: T): Promise<boolean> {
  try {
    await documents.create(document);
    return true;
  } catch (error) {
    if (isWebhookError(error, "document_exists")) return false;
    throw error;
  }
}
