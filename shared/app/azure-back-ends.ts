import { DefaultAzureCredential, ManagedIdentityCredential, type TokenCredential } from "@azure/identity";
import { openBlobPayloads } from "../adapters/blob/payload-store";
import { openCosmosDocuments } from "../adapters/cosmos/documents";
import { openKeyVaultSecrets } from "../adapters/key-vault/secret-store";
import { CachedSecretStore } from "../adapters/memory/cached-secret-store";
import { openServiceBusQueue } from "../adapters/service-bus/event-queue";
import type { AzureBackEnds, Identity } from "../config/azure";
import type { Clock, Log } from "../core/ports";
import type { BackEnds } from "./back-ends";

/** Providers wait three to ten seconds for an answer, and one delivery may ask more than one service. */
const REQUEST_TIMEOUT_MS = 2000;
const CACHED_SECRETS = 20_000;

/** Cosmos DB, Service Bus, Key Vault and Blob storage. Nothing is sent before a port is first used. */
export function openAzureBackEnds(config: AzureBackEnds, now: Clock, log: Log): BackEnds {
  const { cosmos, serviceBus, keyVault, payloads } = config;
  // One credential for all, because each keeps its tokens.
  const credential = createCredential(config.identity);
  const common = { now, log, requestTimeoutMs: REQUEST_TIMEOUT_MS };
  const documents = openCosmosDocuments({
    ...common,
    database: cosmos.database,
    ...("address" in cosmos.connection ? { endpoint: cosmos.connection.address, credential } : cosmos.connection),
  });
  const queue = openServiceBusQueue({
    log,
    queueName: serviceBus.queueName,
    ...("address" in serviceBus.connection
      ? { fullyQualifiedNamespace: serviceBus.connection.address, credential }
      : serviceBus.connection),
  });
  const vault = openKeyVaultSecrets({
    ...common,
    vaultUri: keyVault.uri,
    isEmulator: keyVault.isEmulator,
    credential: keyVault.isEmulator ? emulatorCredential : credential,
  });
  return {
    documents,
    queue,
    secrets: new CachedSecretStore({ store: vault, now, maxEntries: CACHED_SECRETS }),
    payloads: openBlobPayloads({
      ...common,
      container: payloads.container,
      ...("address" in payloads.connection
        ? { serviceUri: payloads.connection.address, credential }
        : payloads.connection),
    }),
    close: async () => {
      await queue.close();
      await documents.close();
    },
  };
}

/** In Azure the one identity and no other: a chain with fall-backs is slow to fail and may succeed as somebody else. */
function createCredential(identity: Identity): TokenCredential {
  if (identity.kind === "developer") return new DefaultAzureCredential();
  return identity.clientId === undefined
    ? new ManagedIdentityCredential()
    : new ManagedIdentityCredential({ clientId: identity.clientId });
}

/** An emulator takes any token. */
const emulatorCredential: TokenCredential = {
  getToken: () => Promise.resolve({ token: "emulator", expiresOnTimestamp: Date.now() + 3_600_000 }),
};
