import { readdirSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { migrate } from "../../../shared/adapters/sqlite/migrate";
import { migrations } from "../../../shared/adapters/sqlite/schema";
import { fileIn, useDataFolder } from "./data-folder";

const steps = [
  "create table notes (text text); insert into notes values ('kept')",
  "alter table notes add column length integer; update notes set length = length(text)",
];

describe("migrations", () => {
  const folder = useDataFolder();
  const path = () => fileIn(folder());
  const backup = () => `${path()}.v1.backup`;
  const migrateTo = (toSteps: readonly string[]): void => {
    const file = new DatabaseSync(path());
    try {
      migrate(file, path(), toSteps);
    } finally {
      file.close();
    }
  };
  const read = (file: string, sql: string): unknown => {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      return Object.values(database.prepare(sql).get() ?? {})[0];
    } finally {
      database.close();
    }
  };
  const versionOf = (file: string): unknown => read(file, "pragma user_version");

  it("bring a new file to the newest version, and keep no copy of nothing", () => {
    migrateTo(steps);
    expect(versionOf(path())).toBe(2);
    expect(read(path(), "select length from notes")).toBe(4);
    expect(readdirSync(folder())).toEqual(["castiel.sqlite"]);
  });

  it("bring an old file forward with what is in it, and keep a copy of it as it was", () => {
    migrateTo(steps.slice(0, 1));
    migrateTo(steps);
    expect(read(path(), "select length from notes")).toBe(4);
    expect(versionOf(backup())).toBe(1);
    expect(read(backup(), "select group_concat(name) from pragma_table_info('notes')")).toBe("text");
    expect(statSync(backup()).mode & 0o077).toBe(0);
    expect(readdirSync(folder()).toSorted()).toEqual(["castiel.sqlite", "castiel.sqlite.v1.backup"]);
  });

  it("leave a file alone that is of the newest version", () => {
    migrateTo(steps);
    migrateTo(steps);
    expect(readdirSync(folder())).toEqual(["castiel.sqlite"]);
  });

  it("change nothing when a step fails, and keep a copy of what the next attempt finds", () => {
    migrateTo(steps.slice(0, 1));
    expect(() => migrateTo([steps[0] ?? "", "update notes set text = 'lost'; nonsense"])).toThrow("nonsense");
    expect([versionOf(path()), read(path(), "select text from notes")]).toEqual([1, "kept"]);
    const file = new DatabaseSync(path());
    file.exec("update notes set text = 'written since'");
    file.close();
    migrateTo(steps);
    expect(read(path(), "select length from notes")).toBe("written since".length);
    expect(read(backup(), "select text from notes")).toBe("written since");
  });

  it("make the copy anew that a crash left unfinished", () => {
    migrateTo(steps.slice(0, 1));
    writeFileSync(`${backup()}.partial`, "half a copy");
    migrateTo(steps);
    expect(read(backup(), "select text from notes")).toBe("kept");
  });

  it("of the product work on a file with nothing in it, and step by step as well", () => {
    migrateTo(migrations);
    const whole = read(path(), "select group_concat(sql, ';') from (select sql from sqlite_schema order by name)");
    const stepwise = new DatabaseSync(":memory:");
    for (let count = 1; count <= migrations.length; count++) migrate(stepwise, undefined, migrations.slice(0, count));
    const sql = "select group_concat(sql, ';') as sql from (select sql from sqlite_schema order by name)";
    expect(stepwise.prepare(sql).get()?.["sql"]).toBe(whole);
    stepwise.close();
  });
});
