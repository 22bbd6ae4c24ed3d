import { compareVersions, timeVersion } from "../../shared/core/version";

describe("compareVersions", () => {
  it("orders sequences as numbers of any length, leading zeros ignored", () => {
    const version = (value: string) => ({ kind: "sequence", value }) as const;
    expect(compareVersions(version("9"), version("10"))).toBeLessThan(0);
    expect(compareVersions(version("98765432109876543211"), version("98765432109876543210"))).toBeGreaterThan(0);
    expect(compareVersions(version("0007"), version("7"))).toBe(0);
  });

  it("orders times", () => {
    expect(compareVersions({ kind: "time", value: 1 }, { kind: "time", value: 2 })).toBeLessThan(0);
  });

  it("says nothing about versions of different kinds", () => {
    expect(compareVersions({ kind: "time", value: 1 }, { kind: "sequence", value: "2" })).toBeUndefined();
  });
});

describe("timeVersion", () => {
  it("reads ISO times and milliseconds", () => {
    expect(timeVersion("2026-11-24T12:00:00Z")).toEqual({ kind: "time", value: Date.UTC(2026, 10, 24, 12) });
    expect(timeVersion(5)).toEqual({ kind: "time", value: 5 });
  });

  it("is absent for what is no time", () => {
    expect(timeVersion("yesterday")).toBeUndefined();
    expect(timeVersion(undefined)).toBeUndefined();
    expect(timeVersion(Number.NaN)).toBeUndefined();
  });
});
