import type { Registration } from "../../shared/core/registration";
import { RegistrationCache } from "../../shared/usecases/registration-cache";
import { makeProviderEvent, makeRegistration, noon } from "../support/make";
import { MemoryCopies } from "../support/memory-copies";
import { openTestApp, type TestApp } from "../support/test-app";

let app: TestApp;
let time: number;
beforeEach(async () => {
  app = await openTestApp();
  time = noon;
});
afterEach(() => app.close());

/** A cache over the app's own store, and how often it read each registration. */
function openCache(maxEntries = 10, copies?: MemoryCopies): { cache: RegistrationCache; reads: string[] } {
  const reads: string[] = [];
  const { registrations } = app.services;
  const counted = Object.assign(Object.create(registrations) as typeof registrations, {
    find: (id: string) => {
      reads.push(id);
      return registrations.find(id);
    },
  });
  return {
    cache: new RegistrationCache({
      ...app.services,
      registrations: counted,
      now: () => time,
      maxEntries,
      ...(copies && { copies }),
    }),
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

  it("remembers for five seconds that a webhook is unknown, unless it is told to forget", async () => {
    const { cache, reads } = openCache();
    const unknown = makeRegistration().id;
    expect(cache.isAtHand(unknown)).toBe(false);
    const looks = [cache.find(unknown), cache.find(unknown)];
    expect(cache.isAtHand(unknown)).toBe(true);
    expect(await Promise.all(looks)).toEqual([undefined, undefined]);
    time += 4_999;
    expect(cache.isAtHand(unknown)).toBe(true);
    expect(await cache.find(unknown)).toBeUndefined();
    expect(reads).toHaveLength(1);
    time += 1;
    expect(cache.isAtHand(unknown)).toBe(false);
    await cache.find(unknown);
    cache.forget(unknown);
    await cache.find(unknown);
    expect(reads).toHaveLength(3);
  });

  it("needs neither store nor memory for what cannot be an id", async () => {
    const { cache, reads } = openCache();
    expect(cache.isAtHand("x".repeat(8000))).toBe(true);
    expect(await cache.find("x".repeat(8000))).toBeUndefined();
    expect(reads).toEqual([]);
  });

  it("remembers no more unknown webhooks than known ones", async () => {
    const { cache } = openCache(2);
    const ids = [1, 2, 3].map(() => makeRegistration().id);
    for (const id of ids) await cache.find(id);
    expect(ids.map((id) => cache.isAtHand(id))).toEqual([false, true, true]);
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

  it("has a shared webhook match nothing itself, whatever its document says", async () => {
    const { cache } = openCache();
    const own = makeRegistration({ integrationId: "slack", secretOrigin: "none" });
    const shared = makeRegistration({ integrationId: "slack", secretOrigin: "none", routing: "workspace" });
    for (const { secretVersion: _, ...registration } of [own, shared])
      await app.services.registrations.create(registration);
    const matches = await Promise.all(
      [own, shared].map(async ({ id }) => (await cache.find(id))?.matches(makeProviderEvent())),
    );
    expect(matches).toEqual([true, false]);
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

  it("forgets what it holds where the secret, the patterns or the settings were changed elsewhere", async () => {
    const { cache } = openCache();
    const [registration] = await stored(1);
    const id = registration?.id ?? "";
    for (const change of [{ secretVersion: "2" }, { events: ["Contact.*"] }, { verification: { scheme: "native" } }]) {
      const known = await cache.find(id);
      if (!known) throw new Error("The registration is stored.");
      cache.renew({ ...known.registration, ...change });
      expect(cache.peek(id)).toBeUndefined();
    }
  });

  it("reads anew after a mismatch however young the entry is, though not twice within five seconds", async () => {
    const { cache, reads } = openCache();
    const [registration] = await stored(1);
    const entry = await cache.find(registration?.id ?? "");
    if (!entry) throw new Error("The registration is stored.");
    const [reread, together] = await Promise.all([cache.reread(entry), cache.reread(entry)]);
    expect(reread).not.toBe(entry);
    expect(together).toBe(reread);
    time += 4_999;
    expect(await cache.reread(entry)).toBe(reread);
    expect(reads).toHaveLength(2);
    time += 1;
    expect(await cache.reread(entry)).not.toBe(reread);
    expect(reads).toHaveLength(3);
  });
});

describe("two RegistrationCaches that share copies", () => {
  let copies: MemoryCopies;
  let one: ReturnType<typeof openCache>;
  let other: ReturnType<typeof openCache>;
  let id: string;
  beforeEach(async () => {
    copies = new MemoryCopies();
    [one, other] = [openCache(10, copies), openCache(10, copies)];
    id = (await stored(1))[0]?.id ?? "";
  });
  const pass = (ms: number): void => {
    time += ms;
    copies.time += ms;
  };
  const change = (connectionId: string): Promise<unknown> =>
    app.services.registrations.update(id, (current) => ({ ...current, connectionId }));
  const connectionIn = async ({ cache }: typeof one): Promise<unknown> =>
    (await cache.find(id))?.registration.connectionId;

  it("read the store once for both, and share no secret", async () => {
    const [first, second] = [await one.cache.find(id), await other.cache.find(id)];
    expect([one.reads, other.reads]).toEqual([[id], []]);
    expect(second).toEqual({ ...first, matches: expect.any(Function) });
    expect(second?.secrets).toHaveLength(1);
    expect(JSON.stringify(await copies.get(id))).not.toContain(second?.secrets[0]);
  });

  it("never take a registration for fresh that was read 30 seconds ago, by whomever", async () => {
    await one.cache.find(id);
    await change("changed");
    pass(29_999);
    expect(await connectionIn(other)).toBe("conn-123");
    pass(1);
    expect(await connectionIn(other)).toBe("changed");
    expect(await connectionIn(one)).toBe("changed");
  });

  it("take no copy that claims to come from the future for fresher than now", async () => {
    const registration = makeRegistration({ id });
    await copies.put({ registration, loadedAt: time + 3_600_000 }, 7_200_000);
    expect((await one.cache.find(id))?.loadedAt).toBe(time);
  });

  it("read their own changes at once, and so does who has no entry of its own", async () => {
    await one.cache.find(id);
    await change("changed");
    one.cache.forget(id);
    expect(await connectionIn(one)).toBe("changed");
    expect(await connectionIn(other)).toBe("changed");
  });

  it("share no copy for 30 seconds after a change, since an older one may be on its way", async () => {
    const old = await other.cache.find(id);
    await change("changed");
    one.cache.forget(id);
    if (old) await copies.put(old, 30_000);
    pass(29_999);
    expect(await connectionIn(one)).toBe("changed");
    expect(await copies.get(id)).toBeUndefined();
  });

  it("drop the copy of what was renewed", async () => {
    const known = await one.cache.find(id);
    if (!known) throw new Error("The registration is stored.");
    one.cache.renew({ ...known.registration, isVerified: false });
    expect(await copies.get(id)).toBeUndefined();
  });

  it("read the store, and no copy, after a mismatch", async () => {
    await one.cache.find(id);
    await change("changed");
    const entry = await other.cache.find(id);
    pass(5_000);
    const again = entry && (await other.cache.reread(entry));
    expect(again?.registration.connectionId).toBe("changed");
    expect(other.reads).toEqual([id]);
  });

  it("do not let a look into the copies pass for a reading after a mismatch", async () => {
    await one.cache.find(id);
    const entry = await other.cache.find(id);
    if (!entry) throw new Error("The registration is stored.");
    await change("changed");
    pass(5_000);
    const fresh = openCache(10, copies);
    const [found, reread] = await Promise.all([fresh.cache.find(id), fresh.cache.reread(entry)]);
    expect([found, reread].map((read) => read?.registration.connectionId)).toEqual(["conn-123", "changed"]);
    expect(fresh.cache.peek(id)?.registration.connectionId).toBe("changed");
  });

  it("read the store while the copies cannot be reached", async () => {
    copies.isOut = true;
    expect(await connectionIn(one)).toBe("conn-123");
    one.cache.forget(id);
    expect(await connectionIn(one)).toBe("conn-123");
    expect(one.reads).toEqual([id, id]);
  });
});
