import { toFigures, toJson } from "../../../infra/cli/client/print";

it("prints JSON that means what it meant, and holds nothing that a terminal obeys", () => {
  const value = { entityId: "a\u001b[2J\u007f\u009b2J\u0000", name: "Zoë" };
  const printed = toJson(value);
  expect(JSON.parse(printed)).toEqual(value);
  expect(printed).toContain("Zoë");
  expect(printed).toMatch(/^[^\u0000-\u001f\u007f-\u009f]*$/);
  expect(JSON.parse(toJson(value, 2))).toEqual(value);
});

it("prints what is nested by its path, what is listed a line each, and numbers of time as times", () => {
  const health = {
    status: "failed",
    failureReasons: [
      { at: "2026-11-25T10:00:00.000Z", reason: "secret_mismatch" },
      { at: "2026-11-25T11:00:00.000Z", reason: "previous_secret" },
    ],
    queue: { active: 0, oldestAt: Date.parse("2026-11-25T09:00:00Z"), none: null },
    secret: { rotatesItself: true, rotation: {} },
    events: ["A", "B"],
    recommendations: [],
  };
  expect(toFigures(health).split("\n")).toEqual([
    "status                failed",
    "failureReasons        2026-11-25T10:00:00.000Z  secret_mismatch",
    "failureReasons        2026-11-25T11:00:00.000Z  previous_secret",
    "queue.active          0",
    "queue.oldestAt        2026-11-25T09:00:00.000Z",
    "queue.none            -",
    "secret.rotatesItself  true",
    "events                A,B",
  ]);
});
