import { spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { join } from "node:path";
import { readConfig } from "../../../shared/config";

const script = join(__dirname, "..", "..", "..", "infra", "cli", "token.mts");

function run(...words: string[]): { status: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync("node", [script, ...words], { encoding: "utf8" });
  return { status, out: stdout, error: stderr };
}

describe("npm run token", () => {
  it("prints a token and the entry by which the configuration knows it", () => {
    const { status, out } = run("--tenant", "acme", "--scope", "webhooks.read");
    expect(status).toBe(0);
    const token = /cwt_[A-Za-z0-9_-]{43}/.exec(out)?.[0] ?? "";
    const entry: unknown = JSON.parse(/\{.*\}/.exec(out)?.[0] ?? "null");
    expect(entry).toEqual({ hash: hash("sha256", token, "hex"), tenantId: "acme", scopes: ["webhooks.read"] });
    const config = readConfig({ CASTIEL_MODE: "embedded", API_TOKENS: JSON.stringify([entry]) });
    expect(config.apiTokens).toHaveLength(1);
  });

  it("grants both scopes unless it is told which, and the role of an operator on request", () => {
    const { out } = run("--tenant", "acme", "--operator");
    expect(out).toContain('"scopes":["webhooks.read","webhooks.write"],"operator":true');
  });

  it.each([
    [["--scope", "webhooks.read"], "--tenant is required"],
    [["--tenant", "acme", "--scope", "everything"], "unknown scope everything"],
    [["--tenant", "acme", "--colour"], "--colour"],
  ])("refuses %j in one line", (words, message) => {
    const { status, out, error } = run(...words);
    expect(status).toBe(1);
    expect(out).toBe("");
    expect(error).toContain(message);
    expect(error.trim().split("\n")).toHaveLength(1);
  });
});
