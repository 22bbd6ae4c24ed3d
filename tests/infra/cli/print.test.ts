import { toJson } from "../../../infra/cli/client/print";

it("prints JSON that means what it meant, and holds nothing that a terminal obeys", () => {
  const value = { entityId: "a\u001b[2J\u007f\u009b2J\u0000", name: "Zoë" };
  const printed = toJson(value);
  expect(JSON.parse(printed)).toEqual(value);
  expect(printed).toContain("Zoë");
  expect(printed).toMatch(/^[^\u0000-\u001f\u007f-\u009f]*$/);
  expect(JSON.parse(toJson(value, 2))).toEqual(value);
});
