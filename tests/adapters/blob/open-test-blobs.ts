import { BlobServiceClient, type ContainerClient } from "@azure/storage-blob";
import { randomUUID } from "node:crypto";
import { openBlobPayloads } from "../../../shared/adapters/blob/payload-store";
import type { PayloadStore } from "../../../shared/core/ports";
import type { Subject } from "../../contracts/subject";
import { noon } from "../../support/make";

/** The adapter on a container of its own, which is also there as the SDK has it, for what the port does not show. */
export interface TestBlobs extends Subject<PayloadStore> {
  readonly container: ContainerClient;
}

/** An account at a port where nobody listens. */
const nowhere =
  "DefaultEndpointsProtocol=http;AccountName=nowhere;AccountKey=bm93aGVyZQ==;BlobEndpoint=http://127.0.0.1:9/nowhere;";

/** Opens it at noon: the clock moves when it is told to, since expiry is the adapter's own affair. */
export async function openTestBlobs(connectionString: string): Promise<TestBlobs> {
  let time = noon;
  const now = () => time;
  const name = `payloads-${randomUUID()}`;
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(name);
  await container.create();
  const open = (account: string) =>
    openBlobPayloads({ connectionString: account, container: name, now, requestTimeoutMs: 30_000 });
  let payloads = open(connectionString);
  return {
    port: {
      put: (key, bytes, ttlSeconds) => payloads.put(key, bytes, ttlSeconds),
      get: (key) => payloads.get(key),
      delete: (key) => payloads.delete(key),
    },
    container,
    now,
    passTime: async (ms) => void (time += ms),
    breakDown: async () => void (payloads = open(nowhere)),
    close: async () => {
      await container.deleteIfExists();
    },
  };
}
