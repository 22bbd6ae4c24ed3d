import { CachedSecretStore } from "../../../shared/adapters/memory/cached-secret-store";
import { describeSecretStore } from "../../contracts/secret-store";
import { openTestVault, type TestVault } from "../key-vault/open-test-vault";

const name = "webhook-1";
const lost = "0123456789abcdef0123456789abcdef";

/** A cache with nothing in it, as another instance of the app would have. */
function openCache({ port, now }: TestVault, maxEntries = 100): CachedSecretStore {
  return new CachedSecretStore({ store: port, now, maxEntries });
}

describe("secrets in Key Vault behind a cache", () => {
  describeSecretStore(async () => {
    const subject = await openTestVault();
    return { ...subject, port: openCache(subject) };
  });
});

describe("CachedSecretStore", () => {
  let subject: TestVault;
  const reads = (): number => subject.vault.count("GET", "/secrets/");
  beforeEach(async () => {
    subject = await openTestVault();
  });
  afterEach(() => subject.close());

  it("reads a version once an hour", async () => {
    const version = await subject.port.set(name, "value");
    const cache = openCache(subject);
    for (let i = 0; i < 3; i++) expect(await cache.get(name, version)).toBe("value");
    await subject.passTime(3_599_999);
    await cache.get(name, version);
    expect(reads()).toBe(1);
    await subject.passTime(1);
    expect(await cache.get(name, version)).toBe("value");
    expect(reads()).toBe(2);
  });

  it("need not read what was set through it", async () => {
    const cache = openCache(subject);
    const version = await cache.set(name, "value");
    expect(await cache.get(name, version)).toBe("value");
    expect(reads()).toBe(0);
  });

  it("answers for an hour while the vault is down, but only for versions that it knows", async () => {
    const cache = openCache(subject);
    const version = await cache.set(name, "value");
    await subject.breakDown();
    await subject.passTime(3_599_999);
    expect(await cache.get(name, version)).toBe("value");
    await expect(cache.get(name, lost)).rejects.toMatchObject({ code: "secrets_unavailable" });
    await expect(cache.get(name)).rejects.toMatchObject({ code: "secrets_unavailable" });
    await subject.passTime(1);
    await expect(cache.get(name, version)).rejects.toMatchObject({ code: "secrets_unavailable" });
  });

  it("reads an absent version once in ten seconds", async () => {
    const cache = openCache(subject);
    for (let i = 0; i < 3; i++) expect(await cache.get(name, lost)).toBeUndefined();
    await subject.passTime(9999);
    await cache.get(name, lost);
    expect(reads()).toBe(1);
    await subject.passTime(1);
    await cache.get(name, lost);
    expect(reads()).toBe(2);
  });

  it("does not remember a failure", async () => {
    const version = await subject.port.set(name, "value");
    const cache = openCache(subject);
    subject.vault.refuse(1, { status: 403, code: "Forbidden", innerCode: "ForbiddenByRbac" });
    await expect(cache.get(name, version)).rejects.toMatchObject({ code: "secrets_unavailable" });
    expect(await cache.get(name, version)).toBe("value");
  });

  it("always reads the newest version, because another instance may have set it", async () => {
    const [here, elsewhere] = [openCache(subject), openCache(subject)];
    await here.set(name, "first");
    expect(await here.get(name)).toBe("first");
    const version = await elsewhere.set(name, "second");
    expect(await here.get(name)).toBe("second");
    expect((await here.versions(name))[0]).toBe(version);
  });

  it("holds as many as it may, present and absent together, and lets go the one that was not used for longest", async () => {
    const cache = openCache(subject, 3);
    const [a, b] = [await cache.set("a", "1"), await cache.set("b", "2")];
    await cache.get("c", lost);
    await cache.get("a", a);
    await cache.get("d", lost);
    expect(reads()).toBe(2);
    await cache.get("a", a);
    await cache.get("c", lost);
    await cache.get("d", lost);
    expect(reads()).toBe(2);
    await cache.get("b", b);
    expect(reads()).toBe(3);
  });

  it("forgets all versions of a name that is deleted through it, and of no other", async () => {
    const cache = openCache(subject);
    const versions = [await cache.set(name, "first"), await cache.set(name, "second")];
    const other = await cache.set(`${name}-candidate-1`, "other");
    await cache.delete(name);
    expect(await Promise.all(versions.map((version) => cache.get(name, version)))).toEqual([undefined, undefined]);
    await subject.breakDown();
    expect(await cache.get(`${name}-candidate-1`, other)).toBe("other");
  });

  it("forgets a name even if its deletion failed", async () => {
    const cache = openCache(subject);
    const version = await cache.set(name, "value");
    await subject.breakDown();
    await expect(cache.delete(name)).rejects.toMatchObject({ code: "secrets_unavailable" });
    await expect(cache.get(name, version)).rejects.toMatchObject({ code: "secrets_unavailable" });
  });

  it("does not keep what it read or set before a deletion and learned only after it", async () => {
    const answers: ((value: string) => void)[] = [];
    const late = (): Promise<string> => new Promise((resolve) => answers.push(resolve));
    const store = { get: late, set: late, versions: async () => [], delete: async () => true };
    const cache = new CachedSecretStore({ store, now: subject.now, maxEntries: 3 });
    const asked = [cache.get(name, lost), cache.set(name, "value")];
    await cache.delete(name);
    for (const answer of answers) answer(lost);
    await Promise.all(asked);
    void cache.get(name, lost);
    expect(answers).toHaveLength(3);
  });
});
