import { CachedSecretStore } from "../../../shared/adapters/memory/cached-secret-store";
import type { SecretStore } from "../../../shared/core/ports";
import { describeSecretStore } from "../../contracts/secret-store";
import { openTestVault, type TestVault } from "../key-vault/open-test-vault";

const name = "webhook-1";
const unknownVersion = "0123456789abcdef0123456789abcdef";
const HOUR_MS = 3_600_000;

async function openCached(maxEntries = 100): Promise<TestVault> {
  const subject = await openTestVault();
  return { ...subject, port: new CachedSecretStore({ store: subject.port, now: subject.now, maxEntries }) };
}

describe("secrets in Key Vault behind the cache", () => {
  describeSecretStore(() => openCached());
});

describe("CachedSecretStore", () => {
  let subject: TestVault;
  let secrets: SecretStore;
  /** The cache of another instance on the same vault, with nothing in it. */
  let elsewhere: SecretStore;
  const reads = () => subject.vault.count("GET", `/secrets/${name}`);
  beforeEach(async () => {
    subject = await openCached(3);
    secrets = subject.port;
    elsewhere = new CachedSecretStore({ store: secrets, now: subject.now, maxEntries: 3 });
  });
  afterEach(() => subject.close());

  it("asks once for a version, and again after an hour", async () => {
    const version = await subject.port.set(name, "value");
    const cache = await coldCache();
    for (let i = 0; i < 3; i++) expect(await cache.get(name, version)).toBe("value");
    expect(reads()).toBe(1);
  });
});
