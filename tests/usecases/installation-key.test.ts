import type { DocumentStore, SecretStore } from "../../shared/core/ports";
import { readInstallationKey } from "../../shared/usecases/installation-key";
import { openTestStore } from "../adapters/sqlite/open-test-store";

let store: { documents: DocumentStore; secrets: SecretStore; close(): Promise<void> };
beforeEach(() => {
  store = openTestStore();
});
afterEach(() => store.close());

const read = () => readInstallationKey(store.documents, store.secrets);

describe("readInstallationKey", () => {
  it("makes a key of 32 random bytes once, and answers the same ever after", async () => {
    const key = await read();
    expect(Buffer.from(key, "base64")).toHaveLength(32);
    expect(await read()).toBe(key);
  });

  it("gives all instances that start at the same moment one key", async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, read));
    expect(new Set(keys).size).toBe(1);
    expect(await read()).toBe(keys[0]);
  });

  it("does not take another version that somebody adds to the secret", async () => {
    const key = await read();
    await store.secrets.set("installation-key", "another");
    expect(await read()).toBe(key);
  });

  it("refuses to go on with another key where the first is gone", async () => {
    await read();
    await store.secrets.delete("installation-key");
    await expect(read()).rejects.toThrow("gone from the secret store");
  });
});
