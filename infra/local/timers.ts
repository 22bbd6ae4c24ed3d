import { Cron } from "croner";
import type { Timer } from "@azure/functions";
import { textAt } from "../../shared/core/json";
import type { Log } from "../../shared/core/ports";
import { resolveSettings } from "./function-app";
import type { InvocableFunction, Invoker } from "./invoke";
import { messageOf, StartError, stackOf } from "./start-error";

/** What a timer runs on. */
export interface TimerSurroundings {
  readonly invoker: Invoker;
  readonly appSettings: Readonly<Record<string, string>>;
  readonly log: Log;
}

/** What the Azure host says for "never". */
const NEVER = "0001-01-01T00:00:00+00:00";

/**
 * Runs a timer function by its NCRONTAB expression: six fields or five, in UTC, a day must satisfy both of its fields.
 * Runs never overlap: what falls due meanwhile is left out.
 */
export class FunctionTimer {
  readonly #target: InvocableFunction;
  readonly #surroundings: TimerSurroundings;
  readonly #cron: Cron;
  #running: Promise<void> | undefined;
  #last = NEVER;

  /** @throws {StartError} the schedule is none, or names a missing setting */
  constructor(target: InvocableFunction, surroundings: TimerSurroundings) {
    this.#target = target;
    this.#surroundings = surroundings;
    const schedule = resolveSettings(textAt(target.trigger, "schedule") ?? "", surroundings.appSettings);
    try {
      const options = { timezone: "UTC", mode: "5-or-6-parts", domAndDow: true, paused: true, unref: true } as const;
      this.#cron = new Cron(schedule, options, () => this.#tick());
    } catch (error) {
      throw new StartError(`function ${target.name}: schedule "${schedule}": ${messageOf(error)}`, error);
    }
  }

  /** Begins to run, at once if the trigger says `runOnStartup`. */
  start(): void {
    this.#cron.resume();
    if (this.#target.trigger["runOnStartup"] === true) this.#tick();
  }

  /** Runs no more; resolves when a running function is done. */
  async stop(): Promise<void> {
    this.#cron.stop();
    await this.#running;
  }

  #tick(): void {
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  async #run(): Promise<void> {
    const { invoker, log } = this.#surroundings;
    const startedAt = new Date().toISOString();
    try {
      await invoker.invoke(this.#target, this.#toInput());
    } catch (error) {
      log("error", "function.failed", { function: this.#target.name, error: stackOf(error) });
    }
    this.#last = startedAt;
  }

  #toInput(): Timer {
    const next = this.#cron.nextRun()?.toISOString() ?? NEVER;
    return {
      isPastDue: false,
      schedule: { adjustForDST: true },
      scheduleStatus: { last: this.#last, next, lastUpdated: this.#last },
    };
  }
}
