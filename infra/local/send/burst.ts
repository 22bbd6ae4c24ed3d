import type { Answer } from "./delivery";

/** What became of many deliveries. */
export interface Summary {
  /** How often each answer came, status first. */
  readonly answers: ReadonlyMap<string, number>;
  readonly seconds: number;
  /** Milliseconds that half of the deliveries took at most, and 99 of 100. */
  readonly p50: number;
  readonly p99: number;
}

/** Sends so many deliveries, at most so many at a time. */
export async function sendBurst(
  send: () => Promise<Answer>,
  { count, concurrency }: { readonly count: number; readonly concurrency: number },
): Promise<Summary> {
  const answers = new Map<string, number>();
  const times: number[] = [];
  let started = 0;
  const work = async (): Promise<void> => {
    while (started < count) {
      started += 1;
      const { status, text, milliseconds } = await send();
      const answer = `${status} ${text}`;
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      times.push(milliseconds);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, work));
  const seconds = (performance.now() - startedAt) / 1000;
  times.sort((a, b) => a - b);
  return { answers, seconds, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
}
