import { randomUUID } from "node:crypto";
import type { SecretStore } from "../../shared/core/ports";
import { expectAllToReject, openForEach, type Subject } from "./subject";

/** Key Vault tells the age of a version in whole seconds, so versions are set more than a second apart. */
const APART_MS = 1100;

const notNames = ["", "Upper", "with_underscore", "with.dot", "with/slash", "é", "x".repeat(128)];

/** What every SecretStore must do. Names are random, because a vault keeps the name of a deleted secret. */
export function describeSecretStore(open: () => Promise<Subject<SecretStore>>): void {
  const subject = openForEach(open);
  let secrets: SecretStore;
  let name: string;
  beforeEach(() => {
    secrets = subject().port;
    name = `webhook-${randomUUID()}`;
  });
  const setTwo = async (): Promise<[string, string]> => {
    const first = await secrets.set(name, "first");
    await subject().passTime(APART_MS);
    return [first, await secrets.set(name, "second")];
  };

  it("answers nothing for a name that it never saw", async () => {
    expect(await secrets.get(name)).toBeUndefined();
    expect(await secrets.versions(name)).toEqual([]);
  });

  it("gives back what was set, to the letter", async () => {
    const value = "whsec_é \n \u2028 😀 =";
    const version = await secrets.set(name, value);
    expect(await secrets.get(name)).toBe(value);
    expect(await secrets.get(name, version)).toBe(value);
  });

  it("answers the newest version unless one is named", async () => {
    const [first, second] = await setTwo();
    expect(await secrets.get(name)).toBe("second");
    expect(await secrets.get(name, second)).toBe("second");
    expect(await secrets.get(name, first)).toBe("first");
  });

  it("lists the versions, newest first", async () => {
    const [first, second] = await setTwo();
    expect(await secrets.versions(name)).toEqual([second, first]);
  });

  it("makes a version of its own of a value that is set again", async () => {
    const first = await secrets.set(name, "same");
    expect(await secrets.set(name, "same")).not.toBe(first);
  });

  it("answers nothing for a version that it never gave out", async () => {
    await secrets.set(name, "value");
    expect(await secrets.get(name, "0123456789abcdef0123456789abcdef")).toBeUndefined();
  });

  it("does not know a version under another name", async () => {
    const version = await secrets.set(name, "value");
    expect(await secrets.get(`webhook-${randomUUID()}`, version)).toBeUndefined();
  });

  it("deletes all versions, and says whether there was one", async () => {
    const [first] = await setTwo();
    expect(await secrets.delete(name)).toBe(true);
    expect(await secrets.get(name)).toBeUndefined();
    expect(await secrets.get(name, first)).toBeUndefined();
    expect(await secrets.versions(name)).toEqual([]);
    expect(await secrets.delete(name)).toBe(false);
  });

  it.each(notNames)("refuses %j as a name", async (notName) => {
    await expect(secrets.set(notName, "value")).rejects.toThrow(RangeError);
    await expect(secrets.get(notName)).rejects.toThrow(RangeError);
    await expect(secrets.versions(notName)).rejects.toThrow(RangeError);
    await expect(secrets.delete(notName)).rejects.toThrow(RangeError);
  });

  it("takes a value of 25 KB and no more", async () => {
    const largest = "é".repeat(12.5 * 1024);
    await secrets.set(name, largest);
    expect(await secrets.get(name)).toBe(largest);
    await expect(secrets.set(name, `${largest}x`)).rejects.toThrow(RangeError);
  });

  it("says secrets_unavailable, in every method, when the store cannot be reached", async () => {
    await secrets.set(name, "value");
    await subject().breakDown();
    const attempts = [secrets.get(name), secrets.set(name, "x"), secrets.versions(name), secrets.delete(name)];
    await expectAllToReject(attempts, "secrets_unavailable");
  });
}
