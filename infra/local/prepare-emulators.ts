import { readFileSync } from "node:fs";
import { asObject, at, type JsonObject, textAt } from "../../shared/core/json";
import { collectionNames } from "../../shared/core/ports";
import { cosmosAccountOf, createBlobContainer, createInCosmos, storageAccountOf } from "./emulator-requests";
import { messageOf, StartError } from "./start-error";

/** Lists by time: the emulator, like the service, orders by two fields only along an index of both. */
const compositeIndexes = [
  { path: "/receivedAt", order: "descending" },
  { path: "/detectedAt", order: "descending" },
  { path: "/dueAt", order: "ascending" },
  { path: "/receivedOrder", order: "ascending" },
  { path: "/changedAt", order: "descending" },
].map((field) => [field, { path: "/id", order: "ascending" }]);

/**
 * Makes in the emulators what Bicep makes in Azure: the database with a container per collection, and the container of
 * payloads. What is there already stays as it is. `settings` are the `Values` of local.settings.json. Answers the names
 * of what was made.
 * @throws {StartError} a setting is missing, or an emulator does not answer
 */
export async function prepareEmulators(settings: JsonObject): Promise<readonly string[]> {
  const setting = (name: string): string => {
    const value = textAt(settings, name);
    if (value === undefined) throw new StartError(`${name} is missing`);
    return value;
  };
  const cosmos = cosmosAccountOf("COSMOS_CONNECTION_STRING", setting("COSMOS_CONNECTION_STRING"));
  const storage = storageAccountOf("PAYLOAD_BLOB_CONNECTION_STRING", setting("PAYLOAD_BLOB_CONNECTION_STRING"));
  const [database, payloads] = [setting("COSMOS_DATABASE"), setting("PAYLOAD_CONTAINER")];
  const made: string[] = [];
  const note = (name: string, isNew: boolean): void => {
    if (isNew) made.push(name);
  };
  note(database, await createInCosmos(cosmos, { type: "dbs", parent: "" }, { id: database }));
  for (const name of collectionNames) {
    const definition = {
      id: name,
      partitionKey: { paths: ["/pk"], kind: "Hash", version: 2 },
      defaultTtl: -1,
      indexingPolicy: { includedPaths: [{ path: "/*" }], excludedPaths: [], compositeIndexes },
    };
    note(name, await createInCosmos(cosmos, { type: "colls", parent: `dbs/${database}` }, definition));
  }
  note(payloads, await createBlobContainer(storage, payloads));
  return made;
}

/** `node dist/infra/local/prepare-emulators.js [local.settings.json]` */
async function main(file = "local.settings.json"): Promise<void> {
  const values = asObject(at(JSON.parse(readFileSync(file, "utf8")), "Values"));
  if (values === undefined) throw new StartError(`${file} has no "Values"`);
  const made = await prepareEmulators(values);
  console.log(made.length === 0 ? "everything is there already" : `made ${made.join(", ")}`);
}

if (require.main === module) {
  main(process.argv[2]).catch((error: unknown) => {
    console.error(messageOf(error));
    process.exit(1);
  });
}
