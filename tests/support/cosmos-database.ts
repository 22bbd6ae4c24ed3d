import { CosmosClient } from "@azure/cosmos";
import { type CompositeIndex, compositeIndexes } from "../../shared/adapters/cosmos/document-query";
import { type CollectionName, collectionNames } from "../../shared/core/ports";

/** A database that was made for tests. */
export interface CosmosDatabase {
  readonly name: string;
  delete(): Promise<void>;
}

/**
 * Makes a database with our containers, as the Bicep template does on Azure: partitioned by `/pk`, with time to live and
 * the composite indexes, and further ones where a test orders by other fields.
 */
export async function createCosmosDatabase(
  connectionString: string,
  name: string,
  furtherIndexes: Readonly<Partial<Record<CollectionName, readonly CompositeIndex[]>>> = {},
): Promise<CosmosDatabase> {
  const client = new CosmosClient({ connectionString, connectionPolicy: { enableEndpointDiscovery: false } });
  const { database } = await client.databases.create({ id: name });
  for (const id of collectionNames) {
    const composite = [...(compositeIndexes[id] ?? []), ...(furtherIndexes[id] ?? [])];
    await database.containers.create({
      id,
      partitionKey: { paths: ["/pk"] },
      defaultTtl: -1,
      indexingPolicy: {
        includedPaths: [{ path: "/*" }],
        excludedPaths: [{ path: '/"_etag"/?' }],
        compositeIndexes: composite.map((index) => [...index]),
      },
    });
  }
  return {
    name,
    delete: async () => {
      await database.delete();
      client.dispose();
    },
  };
}
