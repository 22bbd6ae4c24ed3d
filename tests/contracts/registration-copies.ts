import type { RegistrationCopies, RegistrationCopy } from "../../shared/core/registration-copies";
import { makeRegistration, noon } from "../support/make";
import { openForEach, type Subject } from "./subject";

/** What every RegistrationCopies must do. Registrations have random ids, so that it can run on one that is shared. */
export function describeRegistrationCopies(open: () => Promise<Subject<RegistrationCopies>>): void {
  const subject = openForEach(open);
  let copies: RegistrationCopies;
  let copy: RegistrationCopy;
  let id: string;
  beforeEach(() => {
    copies = subject().port;
    copy = { registration: makeRegistration({ metadata: { note: "é \u2028 😀" } }), loadedAt: noon };
    ({ id } = copy.registration);
  });
  const newer = (): RegistrationCopy => ({
    registration: { ...copy.registration, connectionId: "newer" },
    loadedAt: noon + 1,
  });

  it("knows nothing of a registration that it never saw", async () => {
    expect(await copies.get(id)).toBeUndefined();
  });

  it("gives back what was put, with the time at which it was read", async () => {
    await copies.put(copy, 60_000);
    expect(await copies.get(id)).toEqual(copy);
  });

  it("keeps it for so long and no longer", async () => {
    await copies.put(copy, 1_000);
    await subject().passTime(1_100);
    expect(await copies.get(id)).toBeUndefined();
    await copies.put(newer(), 60_000);
    expect(await copies.get(id)).toEqual(newer());
  });

  it("does not keep what is too old already", async () => {
    await copies.put(copy, 0);
    await copies.put(copy, -1);
    expect(await copies.get(id)).toBeUndefined();
  });

  it("keeps the copy that it has", async () => {
    await copies.put(copy, 60_000);
    await copies.put(newer(), 60_000);
    expect(await copies.get(id)).toEqual(copy);
  });

  it("forgets, and for so long takes no copy that was read before", async () => {
    await copies.put(copy, 60_000);
    await copies.forget(id, 1_000);
    expect(await copies.get(id)).toBeUndefined();
    await copies.put(copy, 60_000);
    expect(await copies.get(id)).toBeUndefined();
    await subject().passTime(1_100);
    await copies.put(newer(), 60_000);
    expect(await copies.get(id)).toEqual(newer());
  });

  it("knows nothing, and complains about nothing, while it cannot be reached", async () => {
    await copies.put(copy, 60_000);
    await subject().breakDown();
    expect(await copies.get(id)).toBeUndefined();
    await copies.put(copy, 60_000);
    await copies.forget(id, 30_000);
  });
}
