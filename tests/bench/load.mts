/**
 * The load generator, a process of its own: keeps `connections` sockets busy with prepared requests for a time and
 * reports what came back. It speaks just enough HTTP/1.1 to be faster than what it measures.
 * Reads one JSON line of options per run from standard input, answers one JSON line each.
 */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** One run. `requests` are whole requests in base64, used in turn. */
export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly durationMs: number;
  readonly requests: readonly string[];
  /** Each request may be sent once: stop when they are used up. */
  readonly once?: boolean;
}

/** What a run saw. Latencies in milliseconds. */
export interface LoadReport {
  readonly rps: number;
  readonly p50: number;
  readonly p99: number;
  readonly completed: number;
  readonly statuses: Readonly<Record<string, number>>;
}

const CONTENT_LENGTH = Buffer.from("content-length: ");
const HEAD_END = Buffer.from("\r\n\r\n");

function run({ port, connections, durationMs, requests, once = false }: LoadOptions): Promise<LoadReport> {
  const payloads = requests.map((request) => Buffer.from(request, "base64"));
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
    let sentAt = 0;
    let pending: Buffer = Buffer.alloc(0);
    const send = (): void => {
      if (performance.now() >= endsAt || (once && next >= payloads.length)) return void socket.destroy();
      sentAt = performance.now();
      socket.write(payloads[next++ % payloads.length] ?? Buffer.alloc(0));
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
      latencies.push(performance.now() - sentAt);
      pending = pending.subarray(size);
      send();
    });
  }
}

function responseSize(bytes: Buffer): number | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  let at = bytes.indexOf(CONTENT_LENGTH);
  if (at < 0 || at > headEnd) at = bytes.indexOf("Content-Length: ");
  if (at < 0 || at > headEnd) return headEnd + HEAD_END.length;
  const length = Number.parseInt(bytes.toString("latin1", at + CONTENT_LENGTH.length, at + CONTENT_LENGTH.length + 12), 10);
  return headEnd + HEAD_END.length + length;
}

function report(latencies: number[], statuses: Record<string, number>, elapsedMs: number): LoadReport {
  const sorted = latencies.sort((a, b) => a - b);
  const percentile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
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
