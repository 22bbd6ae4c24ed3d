/**
 * The load generator, a process of its own: keeps `connections` sockets busy with prepared requests for a time and
 * reports what came back. It speaks just enough HTTP/1.1 to be faster than what it measures.
 * Reads one JSON line of options per run from standard input, answers one JSON line each.
 */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { makeRequests, type RequestPlan } from "./requests.mts";

/** One run: it ends when its time or its requests are used up, each of which is sent once. */
export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly durationMs: number;
  /** Requests a second, whatever comes back; without it each connection waits for its answer and goes on at once. */
  readonly ratePerSecond?: number;
  readonly plans: readonly RequestPlan[];
}

/** What a run saw. Latencies in milliseconds. */
export interface LoadReport {
  readonly rps: number;
  readonly p50: number;
  readonly p99: number;
  readonly completed: number;
  readonly statuses: Readonly<Record<string, number>>;
}

const CONTENT_LENGTH = "content-length: ";
const HEAD_END = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("\r\n0\r\n\r\n");

function run({ port, connections, durationMs, ratePerSecond = Infinity, plans }: LoadOptions): Promise<LoadReport> {
  const payloads = plans.flatMap(makeRequests);
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const startedAt = performance.now();
  const endsAt = startedAt + durationMs;
  let next = 0;
  let open = connections;
  return new Promise((resolve) => {
    const finish = (): void => {
      if (--open === 0) resolve(report(latencies, statuses, performance.now() - startedAt));
    };
    for (let index = 0; index < connections; index++) startConnection(connect(port, "127.0.0.1"), finish);
  });

  function startConnection(socket: Socket, finish: () => void): void {
    let dueAt = 0;
    let pending: Buffer = Buffer.alloc(0);
    const send = (): void => {
      const now = performance.now();
      const index = next++;
      const payload = payloads[index];
      if (payload === undefined || now >= endsAt) return void socket.destroy();
      // At a given rate a request that had to wait for a connection is late, and that counts.
      dueAt = ratePerSecond === Infinity ? now : startedAt + (index / ratePerSecond) * 1000;
      setTimeoutOrNow(() => socket.write(payload), dueAt - now);
    };
    socket.setNoDelay(true);
    socket.on("connect", send);
    socket.on("close", finish);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const size = responseSize(pending);
      if (size === undefined || pending.length < size) return;
      const status = pending.toString("latin1", 9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
      latencies.push(performance.now() - dueAt);
      pending = pending.subarray(size);
      send();
    });
  }
}

function setTimeoutOrNow(action: () => void, ms: number): void {
  if (ms > 0) setTimeout(action, ms);
  else action();
}

/** Where the first response ends, `undefined` while it is not all there. */
function responseSize(bytes: Buffer): number | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const bodyStart = headEnd + HEAD_END.length;
  const head = bytes.toString("latin1", 0, headEnd).toLowerCase();
  const at = head.indexOf(CONTENT_LENGTH);
  if (at >= 0) return bodyStart + Number.parseInt(head.slice(at + CONTENT_LENGTH.length), 10);
  if (!head.includes("transfer-encoding: chunked")) return bodyStart;
  const end = bytes.indexOf(LAST_CHUNK, headEnd + 2);
  return end < 0 ? undefined : end + LAST_CHUNK.length;
}

function report(latencies: number[], statuses: Record<string, number>, elapsedMs: number): LoadReport {
  const sorted = latencies.sort((a, b) => a - b);
  const percentile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    rps: (sorted.length / elapsedMs) * 1000,
    p50: percentile(0.5),
    p99: percentile(0.99),
    completed: sorted.length,
    statuses,
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await run(JSON.parse(line) as LoadOptions)));
}
