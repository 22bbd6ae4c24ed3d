import { Cron } from "croner";
import type { Log } from "../../shared/core/ports";
import { createContext } from "./context";
import type { RegisteredFunction, Registrations } from "./core-api";
import { invoke } from "./invoke";
import { triggerOf } from "./route-table";

/** What the timers run and how `%NAME%` in a schedule is read. */
export interface TimerOptions {
  readonly registrations: Registrations;
  readonly functions: readonly RegisteredFunction[];
  readonly resolve: (text: string) => string;
  readonly log: Log;
}

/**
 * Starts the timer triggers (NCRONTAB, UTC): a run that takes longer than its interval delays the next. Returns a
 * function that stops them and resolves once those that run are done.
 * @throws {Error} for a schedule that is none
 */
export function startTimers(options: TimerOptions): () => Promise<void> {
  const running = new Set<Promise<void>>();
  const jobs = options.functions.flatMap((definition) => {
    const trigger = triggerOf(definition, "timerTrigger");
    if (!trigger) return [];
    const run = (job: Cron): Promise<void> => {
      const handled = fire(options, definition, job).finally(() => running.delete(handled));
      running.add(handled);
      return handled;
    };
    return [
      new Cron(options.resolve(String(trigger["schedule"])), { timezone: "UTC", protect: true, unref: true }, run),
    ];
  });
  return async () => {
    for (const job of jobs) job.stop();
    await Promise.all(running);
  };
}

async function fire(options: TimerOptions, definition: RegisteredFunction, job: Cron): Promise<void> {
  const timer = {
    isPastDue: false,
    schedule: { adjustForDST: true },
    scheduleStatus: {
      last: toIso(job.previousRun()),
      next: toIso(job.nextRun()),
      lastUpdated: toIso(job.previousRun()),
    },
  };
  try {
    await invoke(options.registrations, definition, timer, createContext(definition, options.log));
  } catch (error) {
    options.log("error", "timer.failed", { function: definition.name, error: String(error) });
  }
}

function toIso(date: Date | null): string {
  return (date ?? new Date(0)).toISOString();
}
