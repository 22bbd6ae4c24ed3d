import { BlobServiceClient } from "@azure/storage-blob";
import { Azurite } from "./azurite";
import { createCosmosDatabase } from "./cosmos-database";
import { CosmosServer } from "./cosmos-server";
import { KeyVaultServer } from "./key-vault-server";
import { ServiceBusBroker } from "./service-bus-broker";

const DATABASE = "castiel";
const CONTAINER = "payloads";

/** The queue's name and rules, as the Bicep template makes it. */
export const eventQueue = "sync-events";
const queueRules = { lockMs: 60_000, maxDeliveryCount: 10, duplicateWindowMs: 600_000, deadLetterExpired: true };

/** Everything that the app stands on in Azure, on this machine, each speaking the protocol of the real one. */
export class AzureStandIns {
  readonly cosmos: CosmosServer;
  readonly broker: ServiceBusBroker;
  readonly vault: KeyVaultServer;
  readonly blobs: Azurite;

  private constructor(cosmos: CosmosServer, broker: ServiceBusBroker, vault: KeyVaultServer, blobs: Azurite) {
    this.cosmos = cosmos;
    this.broker = broker;
    this.vault = vault;
    this.blobs = blobs;
  }

  /** Starts them, with database, containers and queue as a deployment leaves them. */
  static async start(): Promise<AzureStandIns> {
    const [cosmos, broker, vault, blobs] = await Promise.all([
      CosmosServer.start(),
      ServiceBusBroker.start({ queues: { [eventQueue]: queueRules } }),
      KeyVaultServer.start(),
      Azurite.start(),
    ]);
    await createCosmosDatabase(cosmos.connectionString, DATABASE);
    await BlobServiceClient.fromConnectionString(blobs.connectionString).createContainer(CONTAINER);
    return new AzureStandIns(cosmos, broker, vault, blobs);
  }

  /** The settings that lead an app here. A child process also needs `NODE_EXTRA_CA_CERTS`, which is among them. */
  get settings(): Record<string, string> {
    return {
      CASTIEL_MODE: "azure",
      COSMOS_CONNECTION_STRING: this.cosmos.connectionString,
      COSMOS_DATABASE: DATABASE,
      ServiceBusConnection: this.broker.connectionString,
      QUEUE_NAME: eventQueue,
      KEY_VAULT_URI: this.vault.url,
      KEY_VAULT_EMULATOR: "true",
      PAYLOAD_BLOB_CONNECTION_STRING: this.blobs.connectionString,
      PAYLOAD_CONTAINER: CONTAINER,
      NODE_EXTRA_CA_CERTS: this.vault.certificateFile(),
    };
  }

  /** Brings back whatever was stopped, with all that it held, on the same ports. */
  async restart(): Promise<void> {
    await Promise.all([this.broker.stop(), this.vault.stop()]);
    await Promise.all([this.cosmos.restart(), this.broker.restart(), this.vault.start()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.cosmos.stop(), this.broker.stop(), this.vault.stop(), this.blobs.stop()]);
  }
}
