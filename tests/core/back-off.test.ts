import { backOffMs } from "../../shared/core/back-off";

const policy = { maxRetries: 3, backoffSeconds: 60 };

describe("backOffMs", () => {
  it("doubles from the policy's base up to an hour", () => {
    expect([0, 1, 2, 3, 10, 1000].map((waits) => backOffMs(policy, waits, 0.5))).toEqual([
      60_000, 120_000, 240_000, 480_000, 3_600_000, 3_600_000,
    ]);
  });

  it("spreads by a fifth either way", () => {
    expect(backOffMs(policy, 0, 0)).toBe(48_000);
    expect(backOffMs(policy, 0, 1)).toBe(72_000);
  });
});
