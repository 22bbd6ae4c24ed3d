import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createHttpServer } from "@vercel/cosmosdb-server";
import { prepareEmulators } from "../../../infra/local/prepare-emulators";
import { collectionNames } from "../../../shared/core/ports";
import { valueOf, objectsOf } from "../../support/template";

const key = randomBytes(64).toString("base64");
const azurite = join(__dirname, "../../../node_modules/azurite/dist/src/blob/main.js");

let storage: ChildProcess;
let blobEndpoint: string;
let cosmos: Server;
let cosmosEndpoint: string;
const requests: IncomingMessage[] = [];

/** The stand-in of Cosmos DB checks no signature: what it is asked is kept, and checked here. */
async function startCosmos(): Promise<void> {
  cosmos = createHttpServer();
  cosmos.prependListener("request", (request: IncomingMessage) => requests.push(request));
  await once(cosmos.listen(0, "127.0.0.1"), "listening");
  cosmosEndpoint = `http://127.0.0.1:${(cosmos.address() as AddressInfo).port}`; // of a server that listens on a port
}

async function startStorage(): Promise<void> {
  const options = ["--inMemoryPersistence", "--disableTelemetry", "--blobPort", "0"];
  storage = spawn(process.execPath, [azurite, ...options], {
    cwd: tmpdir(),
    env: { AZURITE_ACCOUNTS: `castiel:${key}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (!storage.stdout) throw new Error("Azurite has no output");
  for await (const line of createInterface({ input: storage.stdout })) {
    const [, port] = / listens on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line) ?? [];
    if (port === undefined) continue;
    blobEndpoint = `http://127.0.0.1:${port}/castiel`;
    storage.stdout.resume();
    return;
  }
}

beforeAll(async () => {
  await Promise.all([startCosmos(), startStorage()]);
}, 30_000);

afterAll(async () => {
  storage.kill("SIGKILL");
  await once(storage, "exit");
  cosmos.closeAllConnections();
  cosmos.close();
});

function settings(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    COSMOS_CONNECTION_STRING: `AccountEndpoint=${cosmosEndpoint}/;AccountKey=${key};`,
    COSMOS_DATABASE: "castiel",
    PAYLOAD_BLOB_CONNECTION_STRING: `AccountName=castiel;AccountKey=${key};BlobEndpoint=${blobEndpoint};`,
    PAYLOAD_CONTAINER: "payloads",
    ...more,
  };
}

describe("prepareEmulators", () => {
  it("makes the database, a container per collection, and the container of payloads, once", async () => {
    expect(await prepareEmulators(settings())).toEqual(["castiel", ...collectionNames, "payloads"]);
    expect(await prepareEmulators(settings())).toEqual([]);
  });

  it("partitions and indexes the containers as the templates do", async () => {
    await prepareEmulators(settings({ COSMOS_DATABASE: "other" }));
    const all = objectsOf(valueOf("infra/app/cosmos.bicep", "containers")).flatMap(
      ({ compositeIndexes }) => compositeIndexes,
    );
    // Some containers are sorted by the same field.
    const composites = [...new Map(all.map((index) => [JSON.stringify(index), index])).values()];
    for (const name of collectionNames) {
      const response = await fetch(`${cosmosEndpoint}/dbs/other/colls/${name}`);
      expect(await response.json()).toMatchObject({
        id: name,
        partitionKey: { paths: ["/pk"] },
        defaultTtl: -1,
        indexingPolicy: { compositeIndexes: composites },
      });
    }
  });

  it("signs what it asks of Cosmos DB", async () => {
    requests.length = 0;
    await prepareEmulators(settings());
    for (const { url = "", headers } of requests) {
      const [type, parent] = url === "/dbs" ? ["dbs", ""] : ["colls", "dbs/castiel"];
      const text = ["post", type, parent, String(headers["x-ms-date"]).toLowerCase(), "", ""].join("\n");
      const signature = createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
      expect(decodeURIComponent(headers.authorization ?? "")).toBe(`type=master&ver=1.0&sig=${signature}`);
    }
    expect(requests).toHaveLength(1 + collectionNames.length);
  });

  it("says which setting is missing or wrong", async () => {
    await expect(prepareEmulators({})).rejects.toThrow("COSMOS_CONNECTION_STRING is missing");
    const wrong = settings({ COSMOS_CONNECTION_STRING: "AccountEndpoint=http://localhost:8081/" });
    await expect(prepareEmulators(wrong)).rejects.toThrow("COSMOS_CONNECTION_STRING names no AccountKey");
  });

  it("says where no emulator answers, and what one that does not agree answers", async () => {
    const away = settings({ COSMOS_CONNECTION_STRING: `AccountEndpoint=http://127.0.0.1:1/;AccountKey=${key};` });
    await expect(prepareEmulators(away)).rejects.toThrow("no emulator answers at http://127.0.0.1:1");
    const other = `AccountName=castiel;AccountKey=${randomBytes(64).toString("base64")};BlobEndpoint=${blobEndpoint};`;
    await expect(prepareEmulators(settings({ PAYLOAD_BLOB_CONNECTION_STRING: other }))).rejects.toThrow(
      / answered 403: /,
    );
  });
});
