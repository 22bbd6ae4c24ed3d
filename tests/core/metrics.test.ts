import { exposition } from "../../shared/core/exposition";
import { Metrics } from "../../shared/core/metrics";

describe("the Prometheus text format", () => {
  it("of a metric without a value says what it is", () => {
    const lines = exposition(new Metrics(), []).split("\n");
    expect(lines).toContain("# TYPE castiel_deliveries_total counter");
    expect(lines.filter((line) => !line.startsWith("# "))).toEqual([""]);
  });

  it("has a line for each combination of labels that was counted", () => {
    const metrics = new Metrics();
    for (let n = 0; n < 3; n++) metrics.deliveries.add("github", "accepted");
    metrics.deliveries.add("github", "refused");
    metrics.deliveries.add("slack", "accepted");
    const lines = exposition(metrics, []).split("\n");
    expect(lines.filter((line) => line.startsWith("castiel_deliveries_total"))).toEqual([
      'castiel_deliveries_total{integration="github",verdict="accepted"} 3',
      'castiel_deliveries_total{integration="github",verdict="refused"} 1',
      'castiel_deliveries_total{integration="slack",verdict="accepted"} 1',
    ]);
  });

  it("adds the buckets of a histogram up; what is on a bound belongs below it", () => {
    const metrics = new Metrics();
    for (const seconds of [0.05, 0.25, 0.3, 90_000]) metrics.eventLatency.observe("github", seconds);
    const lines = exposition(metrics, []).split("\n");
    const bucket = (le: string): string => `castiel_event_latency_seconds_bucket{integration="github",le="${le}"}`;
    expect(lines).toContain(`${bucket("0.1")} 1`);
    expect(lines).toContain(`${bucket("0.25")} 2`);
    expect(lines).toContain(`${bucket("0.5")} 3`);
    expect(lines).toContain(`${bucket("86400")} 3`);
    expect(lines).toContain(`${bucket("+Inf")} 4`);
    expect(lines).toContain('castiel_event_latency_seconds_sum{integration="github"} 90000.6');
    expect(lines).toContain('castiel_event_latency_seconds_count{integration="github"} 4');
  });

  it("escapes what would end a label", () => {
    const name = 'a"b\\c\nd';
    const gauge = { name: "castiel_x", help: "x", labels: ["l"], samples: [{ labels: [name], value: 1 }] };
    expect(exposition(new Metrics(), [gauge])).toContain('castiel_x{l="a\\"b\\\\c\\nd"} 1\n');
  });
});
