import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { openBlobPayloads } from "../../../shared/adapters/blob/payload-store";
import { describePayloadStore } from "../../contracts/payload-store";
import { expectAllToReject } from "../../contracts/subject";
import { Azurite } from "../../support/azurite";
import { openTestBlobs } from "./open-test-blobs";

const realAccount = process.env["BLOB_CONNECTION_STRING"];
const key = "0".repeat(64);

let azurite: Azurite;
beforeAll(async () => {
  azurite = await Azurite.start();
}, 60_000);
afterAll(() => azurite.stop());

describe("payloads in Blob storage", () => {
  if (realAccount !== undefined) jest.setTimeout(60_000);
  describePayloadStore(() => openTestBlobs(realAccount ?? azurite.connectionString));
});

describe("Blob storage", () => {
  const open = () => openTestBlobs(azurite.connectionString);

  it("takes a payload of 3 MB, and one of more than one part", async () => {
    const { port } = await open();
    for (const length of [3 * 1024 * 1024, 9 * 1024 * 1024 + 1]) {
      const bytes = randomBytes(length);
      await port.put(key, bytes, 60);
      expect((await port.get(key))?.equals(bytes)).toBe(true);
    }
  });

  it("holds an expired payload until the lifecycle rule deletes it, and shows it to nobody", async () => {
    const { port, container, passTime } = await open();
    await port.put(key, Buffer.from("x"), 60);
    await passTime(59_999);
    expect(await port.get(key)).toEqual(Buffer.from("x"));
    await passTime(1);
    expect(await port.get(key)).toBeUndefined();
    expect(await port.delete(key)).toBe(false);
    expect(await container.getBlobClient(key).exists()).toBe(true);
    await port.put(key, Buffer.from("y"), 60);
    expect(await port.get(key)).toEqual(Buffer.from("y"));
  });

  it("does not show a blob that somebody else put there, without an expiry", async () => {
    const { port, container } = await open();
    await container.getBlockBlobClient(key).upload("x", 1);
    expect(await port.get(key)).toBeUndefined();
  });

  it("is unavailable, and has not lost the payload, if its container is not there", async () => {
    const { port, container } = await open();
    await port.put(key, Buffer.from("x"), 60);
    await container.delete();
    const attempts = [port.get(key), port.put(key, Buffer.from("x"), 60), port.delete(key)];
    await expectAllToReject(attempts, "store_unavailable");
  });

  it.each(["", "a/b", "a\\b", "..", "a.", "a%2Fb", "a?b", "a#b", "é", "a b", "x".repeat(256)])(
    "refuses %j as a key",
    async (notKey) => {
      const { port } = await open();
      await expect(port.put(notKey, Buffer.from("x"), 60)).rejects.toThrow(RangeError);
      await expect(port.get(notKey)).rejects.toThrow(RangeError);
      await expect(port.delete(notKey)).rejects.toThrow(RangeError);
    },
  );

  it("is unavailable to a caller without rights, and tells neither the key nor the bytes", async () => {
    const { container, now } = await open();
    const stranger = azurite.connectionString.replace(/AccountKey=[^;]+/, "AccountKey=c3RyYW5nZXI=");
    const options = { container: container.containerName, now, requestTimeoutMs: 5000 };
    const error = await openBlobPayloads({ connectionString: stranger, ...options })
      .put(key, Buffer.from("personal"), 60)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "store_unavailable", detail: "403 AuthorizationFailure" });
    const told = inspect(error, { depth: Infinity, showHidden: true, customInspect: false });
    expect(told).not.toMatch(new RegExp(`${key}|personal`));
  });

  it("is given up when it does not answer in time", async () => {
    const { container, now } = await open();
    const options = { container: container.containerName, now, requestTimeoutMs: 100 };
    const payloads = openBlobPayloads({ connectionString: azurite.connectionString, ...options });
    azurite.pause();
    try {
      const attempts = [payloads.get(key), payloads.put(key, Buffer.from("x"), 60), payloads.delete(key)];
      await expectAllToReject(attempts, "store_unavailable");
    } finally {
      azurite.resume();
    }
  });

  it("is used again once it is back", async () => {
    const { port, container } = await open();
    await azurite.stop();
    await expect(port.get(key)).rejects.toMatchObject({ code: "store_unavailable", detail: "ECONNREFUSED" });
    await azurite.start();
    await container.create();
    await port.put(key, Buffer.from("x"), 60);
    expect(await port.get(key)).toEqual(Buffer.from("x"));
  }, 30_000);
});
