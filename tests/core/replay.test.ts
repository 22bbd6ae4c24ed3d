import type { DeliveryLine } from "../../shared/core/delivery";
import { addGaps, gapOf } from "../../shared/core/replay";

const line: DeliveryLine = {
  id: "delivery-1",
  pk: "key~20000",
  tenantId: "tenant-123",
  schemaVersion: 1,
  recordId: "event-1",
  registrationId: "webhook-1",
  integrationId: "salesforce",
  connectionId: "conn-123",
  deliveryId: "1",
  receivedAt: "2026-11-25T12:00:00.000Z",
  verdict: "accepted",
};

describe("why a line of the log cannot be replayed", () => {
  it.each([
    [undefined, { replayable: true }],
    [undefined, { verdict: "refused", replayable: true }],
    ["refused", { verdict: "refused" }],
    ["duplicate", { verdict: "duplicate" }],
    ["held", { outcome: "held" }],
    ["discarded", { outcome: "discarded" }],
    ["not_kept", { outcome: "synchronised" }],
    ["not_kept", {}],
  ] as const)("is %s for %j", (gap, fields) => {
    expect(gapOf({ ...line, ...fields })).toBe(gap);
  });

  it("is counted by reason", () => {
    const first = addGaps({}, ["held", "not_kept", "held"]);
    expect(addGaps(first, ["held"])).toEqual({ held: 3, not_kept: 1 });
  });
});
