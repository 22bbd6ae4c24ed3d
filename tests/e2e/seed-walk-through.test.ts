import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { eventually, type Gateway, projectRoot, startGateway } from "../support/gateway";

const bash = { shell: "bash", from: "README.md" };

/** The walk-through of the README, which is the seed's "Manual Testing" block to the letter. */
function readScript(): string {
  const readme = readFileSync(join(projectRoot, bash.from), "utf8");
  const blocks = [...readme.matchAll(/```bash\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  return blocks.find((block) => block.startsWith("# 1. Register webhook")) ?? "";
}

/** Only Node, npm and git can be counted on: what the script needs besides is stood in for, where it is missing. */
function pathWithTools(): string {
  const path = process.env["PATH"] ?? "";
  const standIns = mkdtempSync(join(tmpdir(), "castiel-tools-"));
  for (const tool of ["curl", "jq", "openssl"]) {
    if (!isThere(tool)) copyFileSync(join(projectRoot, "tests", "support", "tools", tool), join(standIns, tool));
  }
  return `${path}${delimiter}${standIns}`;
}

function isThere(tool: string): boolean {
  try {
    execFileSync(bash.shell, ["-c", `command -v ${tool}`]);
    return true;
  } catch {
    return false;
  }
}

/** Runs the script; answers what its last two commands printed. */
function run(script: string): { delivery: unknown; health: Record<string, unknown> } {
  const marked = script.replace("# 4. Check health", "echo; echo ----");
  const output = execFileSync(bash.shell, ["-c", marked], {
    encoding: "utf8",
    env: { ...process.env, PATH: pathWithTools() },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [delivery = "", health = ""] = output.split("----");
  return { delivery: JSON.parse(delivery), health: JSON.parse(health) as Record<string, unknown> };
}

describe("the seed's manual test", () => {
  let gateway: Gateway;
  let script: string;
  beforeAll(async () => {
    // To the letter on port 3000; where somebody else has that, with the port that was free.
    gateway = await startGateway({ PORT: "3000" }).catch(() => startGateway());
    script = readScript().replaceAll("http://localhost:3000", gateway.url);
  }, 30_000);
  afterAll(() => gateway.stop());

  it("registers, delivers and reads the health, as the seed says", () => {
    const { delivery, health } = run(script);
    expect(delivery).toMatchObject({ success: true, eventType: "created", entityId: "123", syncTriggered: true });
    expect(health).toMatchObject({ status: "healthy", failureCount: 0, recommendations: [] });
    expect(health["lastEventAt"]).toEqual(expect.any(String));
  });

  it("synchronises the event within moments", async () => {
    const { health } = run(script);
    const ask = async () => {
      const reply = await fetch(`${gateway.url}/webhooks/${String(health["registrationId"])}/health`);
      return (await reply.json()) as { counts: { synced: number } };
    };
    const { counts } = await eventually(ask, (answer) => answer.counts.synced === 1);
    expect(counts.synced).toBe(1);
  });

  it("refuses the same delivery when the secret is another", () => {
    const { delivery } = run(script.replace('-hmac "$SECRET"', '-hmac "not-$SECRET"'));
    expect(delivery).toMatchObject({ status: 401, code: "delivery_refused" });
    expect(JSON.stringify(delivery)).not.toContain("mismatch");
  });
});
