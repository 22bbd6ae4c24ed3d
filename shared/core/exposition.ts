import { Counter, Histogram, type MetricInfo, type Metrics, type Sample } from "./metrics";

/** A number that goes up and down, as it is now. */
export interface Gauge extends MetricInfo {
  readonly samples: readonly Sample[];
}

/** The media type of the Prometheus text format (prometheus.io/docs/instrumenting/exposition_formats). */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Everything in the Prometheus text format, metrics without a value included. */
export function exposition(metrics: Metrics, gauges: readonly Gauge[]): string {
  const counted = Object.values(metrics).flatMap((metric: unknown) => {
    if (metric instanceof Counter) return counterLines(metric);
    return metric instanceof Histogram ? histogramLines(metric) : [];
  });
  const gauged = gauges.flatMap((gauge) => [
    ...headLines(gauge, "gauge"),
    ...gauge.samples.map(({ labels, value }) => lineOf(gauge.name, pairs(gauge.labels, labels), value)),
  ]);
  return `${[...counted, ...gauged].join("\n")}\n`;
}

function counterLines(counter: Counter): readonly string[] {
  const lines = counter
    .samples()
    .map(({ labels, value }) => lineOf(counter.name, pairs(counter.labels, labels), value));
  return [...headLines(counter, "counter"), ...lines];
}

/** Buckets of this format are added up, and the last one holds all. */
function histogramLines(histogram: Histogram): readonly string[] {
  const { name, labels, bounds } = histogram;
  const lines = histogram.distributions().flatMap(({ label, counts, sum, count }) => {
    const own = pairs(labels, [label]);
    let below = 0;
    const buckets = bounds.map((bound, index) => {
      below += counts[index] ?? 0;
      return lineOf(`${name}_bucket`, [...own, `le="${bound}"`], below);
    });
    return [
      ...buckets,
      lineOf(`${name}_bucket`, [...own, 'le="+Inf"'], count),
      lineOf(`${name}_sum`, own, sum),
      lineOf(`${name}_count`, own, count),
    ];
  });
  return [...headLines(histogram, "histogram"), ...lines];
}

function headLines({ name, help }: MetricInfo, type: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function lineOf(name: string, labels: readonly string[], value: number): string {
  return `${name}${labels.length === 0 ? "" : `{${labels.join(",")}}`} ${value}`;
}

function pairs(names: readonly string[], values: readonly string[]): readonly string[] {
  return names.map((name, index) => `${name}="${escaped(values[index] ?? "")}"`);
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
