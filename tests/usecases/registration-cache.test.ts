import type { Registration } from "../../shared/core/registration";
import { RegistrationCache } from "../../shared/usecases/registration-cache";
import { makeRegistration, noon } from "../support/make";
import { openTestApp, type TestApp } from "../support/test-app";

let app: TestApp;
let time: number;
beforeEach(async () => {
  app = await openTestApp();
  time = noon;
});
afterEach(() => app.close());

/** A cache over the app's own store, and how often it read each registration. */
function openCache(maxEntries = 10): { cache: RegistrationCache; reads: string[] } {
  const reads: string[] = [];
  const { registrations } = app.services;
  const counted = Object.assign(Object.create(registrations) as typeof registrations, {
    find: (id: string) => {
      reads.push(id);
      return registrations.find(id);
    },
  });
  return {
    cache: new RegistrationCache({ ...app.services, registrations: counted, now: () => time, maxEntries }),
    reads,
  };
}

async function stored(count: number): Promise<Registration[]> {
  const views = await Promise.all(Array.from({ length: count }, () => app.register()));
  return views.map(({ registrationId }) => makeRegistration({ id: registrationId }));
}

describe("RegistrationCache", () => {
  it("reads once for many deliveries that come at the same time, and not again for 30 seconds", async () => {
    const { cache, reads } = openCache();
    const [registration] = await stored(1);
    const id = registration?.id ?? "";
    expect(cache.hitRate).toBe(100);
    await Promise.all(Array.from({ length: 20 }, () => cache.find(id)));
    time += 29_999;
    expect(cache.peek(id)?.registration.id).toBe(id);
    await cache.find(id);
    expect(reads).toEqual([id]);
    expect(cache.hitRate).toBeLessThan(100);
    time += 1;
    expect(cache.peek(id)).toBeUndefined();
    await cache.find(id);
    expect(reads).toEqual([id, id]);
  });

  it("does not remember that a webhook is unknown, so that a new one receives at once", async () => {
    const { cache, reads } = openCache();
    const unknown = makeRegistration().id;
    expect(await cache.find(unknown)).toBeUndefined();
    expect(await cache.find(unknown)).toBeUndefined();
    expect(reads).toHaveLength(2);
  });

  it("holds as many as it may, and lets the one go that was loaded first", async () => {
    const { cache } = openCache(2);
    const ids = (await stored(3)).map(({ id }) => id);
    for (const id of ids) await cache.find(id);
    expect(ids.map((id) => cache.peek(id) !== undefined)).toEqual([false, true, true]);
  });

  it("does not keep what was read before it was told to forget", async () => {
    const { cache, reads } = openCache();
    const [registration] = await stored(1);
    const id = registration?.id ?? "";
    const reading = cache.find(id);
    cache.forget(id);
    await reading;
    expect(cache.peek(id)).toBeUndefined();
    await cache.find(id);
    expect(reads).toHaveLength(2);
  });

  it("renews what it holds, and nothing else", async () => {
    const { cache } = openCache();
    const [registration] = await stored(1);
    const known = await cache.find(registration?.id ?? "");
    if (!known) throw new Error("The registration is stored.");
    cache.renew({ ...known.registration, connectionId: "another" });
    expect(cache.peek(known.registration.id)?.registration.connectionId).toBe("another");
    const stranger = makeRegistration();
    cache.renew(stranger);
    expect(cache.peek(stranger.id)).toBeUndefined();
  });

  it("reads anew after a mismatch, though not twice within five seconds", async () => {
    const { cache, reads } = openCache();
    const [registration] = await stored(1);
    const entry = await cache.find(registration?.id ?? "");
    if (!entry) throw new Error("The registration is stored.");
    time += 4_999;
    expect(await cache.reread(entry)).toBe(entry);
    time += 1;
    expect(await cache.reread(entry)).not.toBe(entry);
    expect(reads).toHaveLength(2);
  });
});
