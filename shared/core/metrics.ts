/** What a metric is called, and what its numbers mean. */
export interface MetricInfo {
  readonly name: string;
  readonly help: string;
  /** Names of its labels, in the order in which values are given. */
  readonly labels: readonly string[];
}

/** The value for one combination of label values. */
export interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
}

/**
 * A number that only grows, by one or two labels. Adding to a combination that was seen before allocates nothing. Values of
 * labels have to be few: names of integrations, codes; never a tenant or an id.
 */
export class Counter implements MetricInfo {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly #cells = new Map<string, Map<string, { value: number }>>();

  constructor({ name, help, labels }: MetricInfo) {
    this.name = name;
    this.help = help;
    this.labels = labels;
  }

  add(first: string, second: string): void {
    let inner = this.#cells.get(first);
    if (inner === undefined) {
      inner = new Map<string, { value: number }>();
      this.#cells.set(first, inner);
    }
    const cell = inner.get(second);
    if (cell === undefined) inner.set(second, { value: 1 });
    else cell.value++;
  }

  samples(): readonly Sample[] {
    return [...this.#cells].flatMap(([first, inner]) =>
      [...inner].map(([second, { value }]) => ({ labels: [first, second], value })),
    );
  }
}

/** How many observations lay at or below each bound, in sum and in number. */
export interface Distribution {
  readonly label: string;
  /** For each bound, not added up. */
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** Observations by one label, in buckets. Observing for a label that was seen before allocates nothing. */
export class Histogram implements MetricInfo {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds, rising. */
  readonly bounds: readonly number[];
  readonly #cells = new Map<string, { readonly counts: number[]; sum: number; count: number }>();

  constructor({ name, help, labels, bounds }: MetricInfo & { readonly bounds: readonly number[] }) {
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.bounds = bounds;
  }

  observe(label: string, value: number): void {
    let cell = this.#cells.get(label);
    if (cell === undefined) {
      cell = { counts: this.bounds.map(() => 0), sum: 0, count: 0 };
      this.#cells.set(label, cell);
    }
    for (let index = 0; index < this.bounds.length; index++) {
      if (value > (this.bounds[index] ?? 0)) continue;
      cell.counts[index] = (cell.counts[index] ?? 0) + 1;
      break;
    }
    cell.sum += value;
    cell.count++;
  }

  distributions(): readonly Distribution[] {
    return [...this.#cells].map(([label, { counts, sum, count }]) => ({ label, counts, sum, count }));
  }
}

/** What this process counts since it began. The names are stable; `docs/operations.md` lists them, which a test holds true. */
export class Metrics {
  readonly deliveries = new Counter({
    name: "castiel_deliveries_total",
    help: "Deliveries of known webhooks, by what became of them at the door.",
    labels: ["integration", "verdict"],
  });
  readonly events = new Counter({
    name: "castiel_events_total",
    help: "Attempts to synchronise queued events, by outcome.",
    labels: ["integration", "outcome"],
  });
  readonly eventLatency = new Histogram({
    name: "castiel_event_latency_seconds",
    help: "From receipt, resumption or the request of a replay until an event was synchronised or given up.",
    labels: ["integration"],
    bounds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21_600, 86_400],
  });
  readonly syncTasks = new Counter({
    name: "castiel_sync_tasks_total",
    help: "Runs of sync tasks, by what asked for them and how the run ended.",
    labels: ["trigger", "status"],
  });
  readonly outboundCalls = new Counter({
    name: "castiel_outbound_calls_total",
    help: "Calls that went out, by whom they called and the class of the status; none where there was no reply.",
    labels: ["target", "status"],
  });
}
