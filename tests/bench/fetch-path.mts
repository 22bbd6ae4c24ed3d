/** From delivery to saved Contact, with an account behind it that is read over HTTP: the seed's scenario under load. */
import { join } from "node:path";
import type { LoadOptions, LoadReport } from "./load.mts";
import { register, scratch, startAccount, startGateway, stop } from "./processes.mts";
import { query, queued, untilDrained } from "./store.mts";

/** How long the account takes to answer. */
export const ACCOUNT_LATENCY_MS = 50;
export const DELIVERIES_PER_SECOND = 500;
const SECONDS = 20;
/** What the compiler needs, and what is not counted. */
const WARM_UP_SECONDS = 5;
const CALLS_A_MINUTE = 1_000_000;

/** Times in milliseconds: of the answer to a delivery, and from its receipt to its saved Contact. */
export interface FetchPath {
  readonly answeredP99: number;
  readonly savedP50: number;
  readonly savedP95: number;
  readonly savedP99: number;
  readonly tasksPerSecond: number;
  /** Events that waited in the queue when the last delivery had been answered. */
  readonly leftOver: number;
}

/** Delivers at a fixed rate, each delivery a Contact of its own, and reads from the store what became of them. */
export async function measureFetchPath(load: (options: LoadOptions) => Promise<LoadReport>): Promise<FetchPath> {
  const account = await startAccount(ACCOUNT_LATENCY_MS);
  const dataDirectory = join(scratch, "fetch-path");
  const env = { OUTBOUND_ALLOW_LOOPBACK: "true", RATE_LIMIT_CALLS_MAXIMUM: String(CALLS_A_MINUTE) };
  const { port, child } = await startGateway(dataDirectory, { drain: true, env });
  const plan = await register(port, "salesforce");
  await put(port, "integrations/salesforce/connections/bench", {
    baseUrl: `http://127.0.0.1:${account}`,
    auth: { kind: "bearer", token: "token" },
  });
  await put(port, "rate-limits/tenant/tenant-123/limit", { requestsPerMinute: CALLS_A_MINUTE });
  await put(port, "rate-limits/salesforce/limit", {
    requestsPerMinute: CALLS_A_MINUTE,
    operations: { fetch: CALLS_A_MINUTE },
  });
  const durationMs = (WARM_UP_SECONDS + SECONDS) * 1000;
  const { p99 } = await load({
    port,
    connections: 64,
    durationMs,
    ratePerSecond: DELIVERIES_PER_SECOND,
    plans: [{ ...plan, bodyBytes: 0, count: (durationMs / 1000) * DELIVERIES_PER_SECOND, named: true }],
  });
  const leftOver = queued(dataDirectory);
  await untilDrained(dataDirectory);
  await stop(child);
  return { answeredP99: p99, leftOver, ...savedTimes(dataDirectory) };
}

async function put(port: number, path: string, body: object): Promise<void> {
  const reply = await fetch(`http://localhost:${port}/${path}`, {
    method: "PUT",
    headers: { authorization: "Bearer test-token" },
    body: JSON.stringify(body),
  });
  if (!reply.ok) throw new Error(`PUT /${path}: ${reply.status} ${await reply.text()}`);
}

/** What the records of the deliveries say, but for those of the first seconds. */
function savedTimes(dataDirectory: string): Omit<FetchPath, "answeredP99" | "leftOver"> {
  const field = (name: string): string => `json_extract(body, '$.${name}')`;
  const rows = query(
    dataDirectory,
    `select ${field("latencyMs")} as latency, ${field("settledAt")} as settled, ${field("change")} as change,
     ${field("receivedAt")} as received from documents where collection = 'deliveries' order by received`,
  ) as { latency: number; settled: string; change: string; received: string }[];
  if (rows.some(({ change }) => change !== "created")) throw new Error("a delivery did not become a Contact");
  const begin = Date.parse(rows[0]?.received ?? "") + WARM_UP_SECONDS * 1000;
  const counted = rows.filter(({ received }) => Date.parse(received) >= begin);
  const latencies = counted.map(({ latency }) => latency).sort((a, b) => a - b);
  const percentile = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  const end = begin + SECONDS * 1000;
  const settled = rows.filter(({ settled: at }) => Date.parse(at) >= begin && Date.parse(at) < end).length;
  return {
    savedP50: percentile(0.5),
    savedP95: percentile(0.95),
    savedP99: percentile(0.99),
    tasksPerSecond: settled / SECONDS,
  };
}
