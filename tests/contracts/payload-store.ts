import { randomBytes, randomUUID } from "node:crypto";
import type { PayloadStore } from "../../shared/core/ports";
import { expectAllToReject, openForEach, type Subject } from "./subject";

/** What every PayloadStore must do. Keys are random, so that it can run on a store that is shared. */
export function describePayloadStore(open: () => Promise<Subject<PayloadStore>>): void {
  const subject = openForEach(open);
  let payloads: PayloadStore;
  let key: string;
  beforeEach(() => {
    payloads = subject().port;
    key = randomUUID();
  });

  it("answers nothing for a key that it never saw", async () => {
    expect(await payloads.get(key)).toBeUndefined();
  });

  it.each([0, 1, 300_000, 5_000_000])("gives back %i bytes as they were put", async (length) => {
    const bytes = randomBytes(length);
    await payloads.put(key, bytes, 60);
    const found = await payloads.get(key);
    expect(Buffer.isBuffer(found) && found.equals(bytes)).toBe(true);
  });

  it("takes the bytes of a view, not of the buffer below it", async () => {
    await payloads.put(key, new Uint8Array([1, 2, 3, 4]).subarray(1, 3), 60);
    expect(await payloads.get(key)).toEqual(Buffer.from([2, 3]));
  });

  it("overwrites", async () => {
    await payloads.put(key, Buffer.from("first"), 2);
    await payloads.put(key, Buffer.from("second"), 60);
    await subject().passTime(3000);
    expect((await payloads.get(key))?.toString()).toBe("second");
  });

  it("forgets a payload when its time has come", async () => {
    await payloads.put(key, Buffer.from("x"), 2);
    await subject().passTime(1000);
    expect(await payloads.get(key)).toBeDefined();
    await subject().passTime(2000);
    expect(await payloads.get(key)).toBeUndefined();
    expect(await payloads.delete(key)).toBe(false);
  });

  it("deletes, and says whether there was one", async () => {
    await payloads.put(key, Buffer.from("x"), 60);
    expect(await payloads.delete(key)).toBe(true);
    expect(await payloads.get(key)).toBeUndefined();
    expect(await payloads.delete(key)).toBe(false);
  });

  it("says store_unavailable, in every method, when the store cannot be reached", async () => {
    await payloads.put(key, Buffer.from("x"), 60);
    await subject().breakDown();
    const attempts = [payloads.get(key), payloads.put(key, Buffer.from("x"), 60), payloads.delete(key)];
    await expectAllToReject(attempts, "store_unavailable");
  });
}
