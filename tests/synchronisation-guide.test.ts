import { readFileSync } from "node:fs";
import { join } from "node:path";
import { conflictStrategies, mergeRules } from "../shared/core/conflict";
import type { EngineMessage } from "../shared/core/external-engine";
import { fieldTypes, type Mapping, mergeStrategies } from "../shared/core/mapping";
import { mappingSchema } from "../shared/http/mapping-schemas";
import { compileBody } from "../shared/http/validate";
import { checkMapping } from "../shared/sync/check-mapping";
import { builtInCustomRules } from "../shared/sync/conflict-rules";
import { messageOfEvent } from "../shared/sync/engine-message";
import { mappingFunctions } from "../shared/sync/mapping-functions";
import { makeEvent } from "./support/make";

const guide = readFileSync(join(__dirname, "..", "docs", "synchronisation.md"), "utf8");

describe("the guide to synchronisation", () => {
  it("lists every function of mappings, with what it needs and takes", () => {
    const [, table = ""] = /<!-- table: functions -->\n([\s\S]*?)<!-- \/table -->/.exec(guide) ?? [];
    const rows = table
      .trim()
      .split("\n")
      .slice(2)
      .map((row) =>
        row
          .split("|")
          .map((cell) => cell.trim())
          .slice(1, -1),
      );
    const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(", ");
    expect(rows).toEqual(
      [...mappingFunctions].map(([name, { needs, takes, reverse }]) => [
        code([name]),
        code(needs),
        code(takes),
        reverse ? "yes" : "no",
      ]),
    );
  });

  it("shows a mapping that is accepted", () => {
    const [, example = ""] = /```json\n([\s\S]*?)```/.exec(guide) ?? [];
    const mapping = compileBody<Mapping>(mappingSchema)(JSON.parse(example));
    expect(checkMapping(mapping, builtInCustomRules)).toEqual([]);
  });

  it("shows what an engine of one's own is handed, field by field", () => {
    const [, example = ""] = [...guide.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
    const message = JSON.parse(example) as EngineMessage;
    const made = messageOfEvent(makeEvent(), message.synctaskid);
    expect(Object.keys(message).sort()).toEqual(Object.keys(made).sort());
    expect(Object.keys(message.data).sort()).toEqual(Object.keys(made.data).sort());
  });

  it("names every type, strategy and rule", () => {
    const words = [
      ...fieldTypes,
      ...conflictStrategies,
      ...mergeRules,
      ...mergeStrategies,
      ...builtInCustomRules.keys(),
    ];
    expect(words.filter((word) => !guide.includes(`\`${word}\``))).toEqual([]);
  });
});
