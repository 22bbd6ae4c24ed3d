import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describeSecretStore } from "../../contracts/secret-store";
import { fileIn, useDataFolder } from "./data-folder";
import { openTestStore } from "./open-test-store";

describe("secrets in SQLite", () => {
  describeSecretStore(async () => {
    const store = openTestStore();
    return { ...store, port: store.secrets };
  });
});

describe("secrets in a SQLite file", () => {
  const folder = useDataFolder();
  const start = () => openTestStore({ dataDirectory: folder() });

  it("are there again after a restart", async () => {
    const before = start();
    const first = await before.secrets.set("webhook-1", "first");
    await before.secrets.set("webhook-1", "second");
    await before.close();
    const after = start();
    expect([await after.secrets.get("webhook-1"), await after.secrets.get("webhook-1", first)]).toEqual([
      "second",
      "first",
    ]);
    await after.close();
  });

  it("stand in no file of the folder as they are", async () => {
    const value = "whsec_a-secret-that-nobody-may-find";
    const store = start();
    await store.secrets.set("webhook-1", value);
    const inFiles = () => readdirSync(folder()).filter((file) => readFileSync(join(folder(), file)).includes(value));
    expect(inFiles()).toEqual([]);
    await store.close();
    expect(inFiles()).toEqual([]);
  });

  it("are sealed anew each time, so that equal secrets do not look equal", async () => {
    const store = start();
    await store.secrets.set("webhook-1", "same");
    await store.secrets.set("webhook-2", "same");
    await store.close();
    const file = new DatabaseSync(fileIn(folder()));
    expect(file.prepare("select count(distinct sealed) as n from secrets").get()).toEqual({ n: 2 });
    file.close();
  });

  it.each([
    ["altered", "update secrets set sealed = zeroblob(length(sealed)) where name = 'webhook-1'"],
    ["in plain text", "update secrets set sealed = 'one' where name = 'webhook-1'"],
    ["cut short", "update secrets set sealed = substr(sealed, 1, 20) where name = 'webhook-1'"],
    [
      "moved to another name",
      "update secrets set sealed = (select sealed from secrets where name = 'webhook-2') where name = 'webhook-1'",
    ],
    [
      "given another version",
      "update secrets set version = 'ffffffffffffffffffffffffffffffff' where name = 'webhook-1'",
    ],
  ])("are refused when somebody has them %s in the file", async (_, sql) => {
    const store = start();
    await store.secrets.set("webhook-1", "one");
    await store.secrets.set("webhook-2", "two");
    const file = new DatabaseSync(fileIn(folder()));
    file.exec(sql);
    file.close();
    await expect(store.secrets.get("webhook-1")).rejects.toMatchObject({ code: "secrets_unavailable" });
    expect(await store.secrets.get("webhook-2")).toBe("two");
    await store.close();
  });
});
