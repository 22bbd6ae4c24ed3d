/**
 * `npm test`: formatting, lint, types, dead code, then all tests with coverage.
 * `npm test -- <jest arguments>`: only the build and the named tests, `npm run test webhook-management.service.test.ts` for one.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";

const results = "coverage/results.json";

interface Step {
  readonly name: string;
  readonly command: string;
}

const checks: readonly Step[] = [
  { name: "format", command: "prettier --check --log-level warn ." },
  { name: "lint", command: "eslint ." },
  { name: "types", command: "npm run --silent typecheck" },
  { name: "dead code", command: "knip" },
];

/** A step that takes longer hangs: a test that failed half-way may have left a server running. */
const STEP_TIMEOUT_MS = 14 * 60_000;

/** The exit code of a step; its output goes straight to the terminal. */
function run({ name, command }: Step): number {
  console.log(`\n> ${name}: ${command}`);
  // A shell, because on Windows the tools are .cmd files; the command is ours but for jest's own arguments.
  return spawnSync(command, { shell: true, stdio: "inherit", timeout: STEP_TIMEOUT_MS }).status ?? 1;
}

function quote(argument: string): string {
  return `"${argument.replaceAll('"', '\\"')}"`;
}

/** What stands in for each service of Azure unless a setting names a real one (docs/azure-backends.md). */
const services = [
  ["Cosmos DB", "COSMOS_CONNECTION_STRING", "COSMOS_ENDPOINT"],
  ["Service Bus", "SERVICEBUS_CONNECTION_STRING"],
  ["Key Vault", "KEYVAULT_URI"],
  ["Blob storage", "BLOB_CONNECTION_STRING"],
] as const;

/** Which back ends the contract suites ran against, and which were skipped. */
function printBackEnds(): void {
  console.log("\nBack ends:\n  SQLite: ran");
  for (const [service, ...names] of services) {
    const named = names.find((name) => process.env[name]);
    const ran = named === undefined ? `stand-in ran, real one skipped (no ${names[0]})` : `ran against ${named}`;
    console.log(`  ${service}: ${ran}`);
  }
}

/** Whether the dashboard was driven; the places are those of tests/support/browser.ts. */
function printBrowser(): void {
  const isThere = [process.env["CHROMIUM_PATH"], "/usr/bin/chromium"].some((path) => path && existsSync(path));
  console.log(`\nBrowser:\n  Chromium: ${isThere ? "ran" : "skipped (no /usr/bin/chromium, no CHROMIUM_PATH)"}`);
}

/** One plain closing line that any reader of logs understands. */
function printTotals(): void {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(results, "utf8")) as Record<
    string,
    number
  >;
  const skipped = numPendingTests ? `, ${numPendingTests} skipped` : "";
  console.log(`\n${numPassedTests ?? 0} passed, ${numFailedTests ?? 0} failed${skipped}`);
}

const named = process.argv.slice(2);
mkdirSync("coverage", { recursive: true });
const build = { name: "build", command: "npm run --silent build" };
const jest = `jest --json --outputFile=${results}`;
const steps: readonly Step[] =
  named.length > 0
    ? [build, { name: "tests", command: `${jest} ${named.map(quote).join(" ")}` }]
    : [...checks, build, { name: "tests", command: `${jest} --coverage` }];

for (const step of steps) {
  const status = run(step);
  if (step.name === "tests") {
    if (named.length === 0) {
      printBackEnds();
      printBrowser();
    }
    printTotals();
  }
  if (status !== 0) {
    console.error(`\n${step.name} failed`);
    process.exit(status);
  }
}
