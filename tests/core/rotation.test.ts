import {
  addUses,
  isDeadlineAlarming,
  retirementOf,
  type SecretRotation,
  secretDueAt,
  type SecretUses,
  type Signer,
  usedOnce,
  usesDuring,
  withoutReplaced,
  withRotation,
  withSecretVersion,
} from "../../shared/core/rotation";
import { makeRegistration, noon } from "../support/make";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (ms: number): string => new Date(noon + ms).toISOString();
const rotation: SecretRotation = {
  startedAt: at(0),
  startedBy: "owner",
  deadline: at(7 * DAY),
  quietSeconds: 24 * 3600,
  replaced: { secretVersion: "1", secretOrigin: "generated", scheme: "seed" },
};

/** What is seen when both secrets are used at these times, in this order. */
function seen(...uses: readonly (readonly [Signer, number])[]): SecretUses {
  return uses
    .map(([signer, ms]) => usedOnce({ rotation: rotation.startedAt, signer, at: noon + ms }))
    .reduce<SecretUses>((all, one) => addUses(all, one), usesDuring(rotation, undefined));
}

describe("the old secret is retired", () => {
  it.each<[string, SecretUses, number, ReturnType<typeof retirementOf>]>([
    ["not as long as the new one was never seen", seen(), 6 * DAY, undefined],
    ["not before the new one alone was seen for the set time", seen(["current", HOUR]), 24 * HOUR, undefined],
    ["once the new one alone was seen for the set time", seen(["current", HOUR]), 25 * HOUR, "quiet"],
    ["counted from the first by the new one", seen(["current", HOUR], ["current", DAY]), 25 * HOUR, "quiet"],
    ["not while both are used", seen(["current", HOUR], ["previous", 20 * HOUR]), 30 * HOUR, undefined],
    ["counted anew", seen(["current", HOUR], ["previous", DAY], ["current", DAY]), 2 * DAY - 1, undefined],
    ["counted anew", seen(["current", HOUR], ["previous", DAY], ["current", DAY]), 2 * DAY, "quiet"],
    ["at the deadline, whoever uses it", seen(["previous", 6 * DAY]), 7 * DAY, "deadline"],
    ["at the deadline, if nothing was seen", seen(), 7 * DAY, "deadline"],
  ])("%s", (_, uses, after, expected) => {
    expect(retirementOf(rotation, uses, noon + after)).toBe(expected);
  });

  it("after so many deliveries in a row, where that was asked for", () => {
    const counted = { ...rotation, quietDeliveries: 3 };
    const [one, two, three] = [1, 2, 3].map((ms) => ["current", ms] as const);
    if (!one || !two || !three) throw new Error("there are three");
    expect(retirementOf(counted, seen(one, two, ["previous", 3]), noon + 4)).toBeUndefined();
    expect(retirementOf(counted, seen(["previous", 0], one, two), noon + 4)).toBeUndefined();
    expect(retirementOf(counted, seen(["previous", 0], one, two, three), noon + 4)).toBe("quiet");
  });

  it("not by what was seen in another rotation", () => {
    const other = usedOnce({ rotation: at(-DAY), signer: "current", at: noon - DAY });
    expect(retirementOf(rotation, usesDuring(rotation, other), noon + 2 * DAY)).toBeUndefined();
    expect(addUses(other, seen(["previous", 1]))).toEqual(seen(["previous", 1]));
    expect(addUses(seen(["previous", 1]), other)).toEqual(seen(["previous", 1]));
  });
});

describe("uses that several instances saw", () => {
  it("add up, and the old secret counts as used when it last was, whoever tells of it last", () => {
    const [here, there] = [seen(["previous", 10 * HOUR]), seen(["current", HOUR], ["current", 11 * HOUR])];
    const together = addUses(here, there);
    expect(together).toMatchObject({ current: { times: 2 }, previous: { times: 1, lastAt: at(10 * HOUR) } });
    expect(retirementOf(rotation, together, noon + 33 * HOUR)).toBeUndefined();
    expect(retirementOf(rotation, together, noon + 34 * HOUR)).toBe("quiet");
  });
});

describe("a deadline alarms", () => {
  it.each([
    ["a day before", seen(["previous", DAY]), 6 * DAY, true],
    ["not sooner", seen(["previous", DAY]), 6 * DAY - 1, false],
    ["not if the new one was seen since", seen(["previous", DAY], ["current", 2 * DAY]), 6 * DAY, false],
    ["not if nothing was seen", seen(), 6 * DAY, false],
    [
      "where one of several senders has the new one",
      seen(["previous", 6 * DAY - 2], ["current", 6 * DAY - 1]),
      6 * DAY,
      true,
    ],
    ["while it is not quiet", seen(["previous", 5 * DAY + 1], ["current", 5 * DAY + 2]), 6 * DAY, true],
    ["not once it is", seen(["previous", 5 * DAY], ["current", 5 * DAY + 2]), 6 * DAY, false],
  ])("%s", (_, uses, after, expected) => {
    expect(isDeadlineAlarming(rotation, uses, noon + after)).toBe(expected);
  });

  it.each([
    ["not if the new one alone was seen for a quarter of it", 2 * HOUR, false],
    ["if the old one was used since", 2 * HOUR + 1, true],
  ])("of an overlap that is too short for quiet: %s", (_, lastUse, expected) => {
    const short = { ...rotation, deadline: at(4 * HOUR) };
    expect(isDeadlineAlarming(short, seen(["previous", lastUse], ["current", lastUse]), noon + 3 * HOUR)).toBe(
      expected,
    );
  });
});

describe("a registration", () => {
  const next = { secretVersion: "2", secretOrigin: "imported", scheme: "native" } as const;
  const { replaced: _, ...terms } = rotation;
  const registration = makeRegistration();

  it("has the new secret during a rotation, and what it needs of the old one", () => {
    expect(withRotation(registration, next, terms)).toMatchObject({
      secretVersion: "2",
      secretOrigin: "imported",
      verification: { scheme: "native" },
      rotation: { replaced: { secretVersion: "1", secretOrigin: "generated", scheme: "seed" } },
    });
  });

  it("knows the old secret as a former one after that", () => {
    const rotating = withRotation(registration, next, terms) ?? registration;
    const done = withoutReplaced(rotating, at(DAY));
    expect(done).toMatchObject({ secretVersion: "2", formerSecretVersions: ["1"] });
    expect(done).not.toHaveProperty("rotation");
  });

  it("knows both as former ones where a third takes their place at once", () => {
    const rotating = withRotation(registration, next, terms) ?? registration;
    const replaced = withSecretVersion(rotating, "3", at(DAY));
    expect(replaced).toMatchObject({ secretVersion: "3", formerSecretVersions: ["2", "1"], secretSince: at(DAY) });
    expect(replaced).not.toHaveProperty("rotation");
  });

  it("is due when its secret is older than the rule allows, and never without a rule, a secret, or while it is changed", () => {
    const { secretVersion: __, ...withoutSecret } = registration;
    expect(secretDueAt({ ...registration, secretSince: at(0) }, 90 * DAY)).toBe(noon + 90 * DAY);
    expect(secretDueAt(registration, 90 * DAY)).toBe(Date.parse(registration.createdAt) + 90 * DAY);
    expect(secretDueAt(registration, 0)).toBeUndefined();
    expect(secretDueAt(withoutSecret, 90 * DAY)).toBeUndefined();
    expect(secretDueAt({ ...registration, status: "inactive" }, 90 * DAY)).toBeUndefined();
    expect(secretDueAt(withRotation(registration, next, terms) ?? registration, 90 * DAY)).toBeUndefined();
  });
});
