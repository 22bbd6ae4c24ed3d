/**
 * `npm run bench [-- --json FILE] [--rounds N]`: everything in one run and one table, as ratios to a bare `node:http`
 * server that reads the body and answers 200. Server on one core and load on the other, where the machine has `taskset`.
 * Every figure is the median of interleaved rounds. docs/benchmark.md says what is measured and how.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { ACCOUNT_LATENCY_MS, DELIVERIES_PER_SECOND, measureFetchPath } from "./fetch-path.mts";
import type { LoadOptions, LoadReport } from "./load.mts";
import {
  cleanUp,
  type Gateway,
  register,
  scratch,
  start,
  startAzureGateway,
  startGateway,
  startServer,
  stop,
} from "./processes.mts";
import type { RequestPlan } from "./requests.mts";
import { untilDrained } from "./store.mts";

const here = import.meta.dirname;
const sizes = { "2k": { bodyBytes: 2048, count: 30_000 }, "20k": { bodyBytes: 20_480, count: 5_000 } } as const;
const providers = ["github", "salesforce", "slack", "notion", "google"];
const CONNECTIONS = 64;
const ROUND_MS = 1500;
/** Until the compiler has settled: what a server does in its first seconds is not what it does all day. */
const WARM_UP_ROUNDS = 3;
const SCALE_REGISTRATIONS = 100_000;

const { values: flags } = parseArgs({
  options: { json: { type: "string" }, rounds: { type: "string", default: "3" } },
});
const rounds = Math.max(3, Number(flags.rounds));

const loader = start(1, [join(here, "load.mts")]);
const reports = createInterface({ input: loader.stdout ?? process.stdin })[Symbol.asyncIterator]();

/** One round of load; every answer must be 200, or the figures would say nothing. */
async function load(options: LoadOptions): Promise<LoadReport> {
  loader.stdin?.write(`${JSON.stringify(options)}\n`);
  const line = (await reports.next()).value as string;
  const report = JSON.parse(line) as LoadReport;
  const refused = Object.entries(report.statuses).filter(([status]) => status !== "200");
  if (refused.length > 0 || report.completed === 0) throw new Error(`unexpected answers: ${JSON.stringify(report)}`);
  return report;
}

interface Target {
  readonly name: string;
  readonly port: number;
  readonly plan: Omit<RequestPlan, "count" | "bodyBytes">;
  readonly size: keyof typeof sizes;
  /** The data folder of one that works on after its answers: the next one must not share the core with it. */
  readonly drains?: string;
}

interface Figures {
  readonly rps: number;
  readonly ratio: number;
  readonly p50: number;
  readonly p99: number;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** All targets in turn, round after round, once they are warm; ratios are to the ceiling of the same round. */
async function measureTargets(ceiling: Target, targets: readonly Target[]): Promise<Record<string, Figures>> {
  const seen = new Map<string, Figures[]>([ceiling, ...targets].map((target) => [target.name, []]));
  for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round++) {
    let top = 0;
    for (const target of [ceiling, ...targets]) {
      const { rps, p50, p99 } = await loadTarget(target);
      if (target.drains !== undefined) await untilDrained(target.drains);
      if (target === ceiling) top = rps;
      if (round > 0) seen.get(target.name)?.push({ rps, ratio: rps / top, p50, p99 });
    }
    console.error(round > 0 ? `round ${round} of ${rounds}` : "warming up");
  }
  return Object.fromEntries([...seen].map(([name, figures]) => [name, toMedian(figures)]));
}

function loadTarget({ port, plan, size }: Target): Promise<LoadReport> {
  const { bodyBytes, count } = sizes[size];
  return load({ port, connections: CONNECTIONS, durationMs: ROUND_MS, plans: [{ ...plan, bodyBytes, count }] });
}

function toMedian(figures: readonly Figures[]): Figures {
  const of = (name: keyof Figures): number => median(figures.map((figure) => figure[name]));
  return { rps: of("rps"), ratio: of("ratio"), p50: of("p50"), p99: of("p99") };
}

function residentMb({ child }: Gateway): number {
  if (process.platform !== "linux") return 0;
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** Milliseconds from spawning the process until it listens. */
async function measureStartup(): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 5; run++) {
    const startedAt = performance.now();
    const gateway = await startGateway(join(scratch, `startup-${run}`), { drain: true });
    times.push(performance.now() - startedAt);
    await stop(gateway.child);
  }
  return median(times);
}

/** The packaged app with all its functions, loaded as the Functions host does, beside a Node that does nothing. */
function measureLoad(): { ms: number; ratio: number } {
  const root = join(here, "..", "..");
  execFileSync("node", [join(root, "infra", "cli", "package.mts")], { stdio: "ignore" });
  const time = (args: readonly string[]): number => {
    const startedAt = performance.now();
    execFileSync("node", args, { stdio: "ignore" });
    return performance.now() - startedAt;
  };
  const loader = [join(root, "tests", "support", "load-package.cjs"), join(root, "dist-package")];
  const pairs = Array.from({ length: 9 }, () => [time(["-e", "0"]), time(loader)] as const);
  const ms = median(pairs.map(([, loaded]) => loaded));
  return { ms, ratio: ms / median(pairs.map(([empty]) => empty)) };
}

/** Events a second that a gateway drains from a full queue while nothing arrives. */
async function measureDrain(): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const dataDirectory = join(scratch, `drain-${round}`);
    const receiving = await startGateway(dataDirectory, { drain: false });
    const plan = await register(receiving.port, "github");
    const { bodyBytes } = sizes["2k"];
    const { completed } = await load({
      port: receiving.port,
      connections: CONNECTIONS,
      durationMs: 60_000,
      plans: [{ ...plan, bodyBytes, count: 8000 }],
    });
    await stop(receiving.child);
    const draining = await startGateway(dataDirectory, { drain: true });
    const startedAt = performance.now();
    await untilDrained(dataDirectory);
    rates.push((completed / (performance.now() - startedAt)) * 1000);
    await stop(draining.child);
  }
  return median(rates);
}

/**
 * The receive path with few and with very many registrations. How many deliveries a registration gets follows Zipf's law,
 * as the traffic of many tenants does: the n-th busiest gets a share of 1/n.
 */
async function measureScale(ceiling: Target): Promise<Record<string, Figures>> {
  const targets: { name: string; port: number; plans: RequestPlan[] }[] = [];
  for (const count of [10, SCALE_REGISTRATIONS]) {
    const dataDirectory = join(scratch, `scale-${count}`);
    execFileSync("node", [join(here, "prefill.mts"), dataDirectory, String(count)], { stdio: "inherit" });
    const gateway = await startGateway(dataDirectory, { drain: false });
    const webhooks = JSON.parse(readFileSync(join(dataDirectory, "webhooks.json"), "utf8")) as {
      path: string;
      secret: string;
    }[];
    const plans = zipf(webhooks, sizes["2k"].count).map((webhook) => ({
      provider: "github",
      bodyBytes: 2048,
      count: 1,
      ...webhook,
    }));
    targets.push({ name: String(count), port: gateway.port, plans });
  }
  const seen: Record<string, Figures[]> = Object.fromEntries(targets.map(({ name }) => [name, []]));
  for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round++) {
    const top = await loadTarget(ceiling);
    for (const { name, port, plans } of targets) {
      const { rps, p50, p99 } = await load({ port, connections: CONNECTIONS, durationMs: ROUND_MS, plans });
      if (round > 0) seen[name]?.push({ rps, ratio: rps / top.rps, p50, p99 });
    }
  }
  return Object.fromEntries(Object.entries(seen).map(([name, figures]) => [name, toMedian(figures)]));
}

/** `count` draws from `items`, the n-th of which is drawn with a chance of 1/n; the same in every run. */
function zipf<T>(items: readonly T[], count: number): T[] {
  let total = 0;
  const sums = items.map((_, index) => (total += 1 / (index + 1)));
  let state = 1;
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647; // the minimal standard generator of Park and Miller
    const drawn = (state / 2_147_483_647) * total;
    return items[sums.findIndex((sum) => sum >= drawn)] ?? items[0];
  }).filter((item) => item !== undefined);
}

function installPeers(): void {
  if (existsSync(join(here, "node_modules"))) return;
  console.error("installing what only the benchmark needs …");
  execFileSync("npm", ["ci", "--prefix", here], {
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
}

async function run() {
  installPeers();
  const bareSecret = { provider: "github", path: "/hook", secret: "secret" };
  const ceiling: Target = { name: "ceiling", port: await startServer("bare"), plan: bareSecret, size: "2k" };
  const held = await startGateway(join(scratch, "held"), { drain: false });
  const draining = await startGateway(join(scratch, "draining"), { drain: true });
  const plans = await Promise.all(providers.map((provider) => register(held.port, provider)));
  const [github, , slack] = plans;
  if (!github || !slack) throw new Error("registering failed");
  const targets: Target[] = [
    {
      name: "noop",
      port: await startServer("noop"),
      plan: { ...bareSecret, path: "/webhooks/noop-function" },
      size: "2k",
    },
    ...plans.map((plan) => ({ name: `${plan.provider}.2k`, port: held.port, plan, size: "2k" as const })),
    {
      name: "draining",
      port: draining.port,
      plan: await register(draining.port, "github"),
      size: "2k",
      drains: join(scratch, "draining"),
    },
    { name: "octokit", port: await startServer("octokit"), plan: bareSecret, size: "2k" },
    { name: "bolt", port: await startServer("bolt"), plan: { ...bareSecret, provider: "slack" }, size: "2k" },
  ];
  const azure = await startAzureGateway();
  targets.push({ name: "azure", port: azure.port, plan: await register(azure.port, "github"), size: "2k" });
  const small = await measureTargets(ceiling, targets);
  const rssMb = residentMb(held);
  await stop(draining.child);
  await stop(azure.child);
  const large = await measureTargets(
    { ...ceiling, size: "20k" },
    plans.map((plan) => ({ name: `${plan.provider}.20k`, port: held.port, plan, size: "20k" as const })),
  );
  await stop(held.child);
  const scale = await measureScale(ceiling);
  const verify = JSON.parse(execFileSync("node", [join(here, "verify.mts")], { encoding: "utf8" })) as Record<
    string,
    unknown
  >;
  return {
    ceiling: small["ceiling"],
    noop: small["noop"],
    receive: Object.fromEntries(
      providers.map((provider) => [provider, { "2k": small[`${provider}.2k`], "20k": large[`${provider}.20k`] }]),
    ),
    draining: small["draining"],
    azure: small["azure"] && { ...small["azure"], toEmbedded: small["azure"].rps / (small["github.2k"]?.rps ?? 1) },
    peers: { octokit: small["octokit"], bolt: small["bolt"] },
    scale,
    verify,
    drain: { rps: await measureDrain() },
    fetchPath: await measureFetchPath(load),
    memory: { rssMb },
    startup: { ms: await measureStartup() },
    load: measureLoad(),
  };
}

function print(report: Awaited<ReturnType<typeof run>>): void {
  const row = (name: string, figures: Figures | undefined) => [
    name,
    figures
      ? {
          "req/s": Math.round(figures.rps),
          ratio: round(figures.ratio),
          "p50 ms": round(figures.p50),
          "p99 ms": round(figures.p99),
        }
      : {},
  ];
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  const receives = Object.entries(report.receive).flatMap(([name, bySize]) => [
    row(`receive ${name} 2 KB`, bySize["2k"]),
    row(`receive ${name} 20 KB`, bySize["20k"]),
  ]);
  console.table(
    Object.fromEntries([
      row("bare node:http", report.ceiling),
      row("no-op function", report.noop),
      ...receives,
      row("receive github 2 KB, draining beside", report.draining),
      row("receive github 2 KB, Azure mode on stand-ins", report.azure),
      row("@octokit/webhooks middleware", report.peers.octokit),
      row("@slack/bolt HTTPReceiver", report.peers.bolt),
      ...Object.entries(report.scale).map(([count, figures]) =>
        row(`receive github 2 KB, ${count} registrations`, figures),
      ),
    ]),
  );
  console.table(report.verify);
  const { answeredP99, savedP50, savedP95, savedP99, tasksPerSecond, leftOver } = report.fetchPath;
  console.log(
    `Delivery to saved Contact, ${DELIVERIES_PER_SECOND} deliveries/s, an account that answers in ${ACCOUNT_LATENCY_MS} ms:`,
  );
  console.table({
    "saved, p50 ms": savedP50,
    "saved, p95 ms": savedP95,
    "saved, p99 ms": savedP99,
    "answered, p99 ms": round(answeredP99),
    "tasks/s": round(tasksPerSecond),
    "in the queue after the last answer": leftOver,
  });
  console.table({
    "Azure mode to embedded": round(report.azure?.toEmbedded ?? 0),
    "drain, events/s": Math.round(report.drain.rps),
    "resident MB": Math.round(report.memory.rssMb),
    "start-up ms": Math.round(report.startup.ms),
    "package loads in ms": Math.round(report.load.ms),
    "package load to an empty Node": round(report.load.ratio),
  });
}

try {
  const report = await run();
  print(report);
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`);
} finally {
  cleanUp();
}
process.exit();
