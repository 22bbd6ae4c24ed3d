import type { Values } from "./settings";

/** How spans are sent, and which. */
export interface TracingConfig {
  /** The whole address. */
  readonly url: string;
  readonly protocol: "http/protobuf" | "http/json";
  /** May hold a key: never to be logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** Attributes of the service. */
  readonly resource: Readonly<Record<string, string>>;
  /** One of OpenTelemetry's names of samplers. */
  readonly sampler: string;
  readonly sampledShare: number;
}

/** Reads the settings of traces; `undefined` where there are to be none. What is wrong is added to `problems`, which repeat no value. */
export function readTracing(values: Values, problems: string[]): TracingConfig | undefined {
  const url = addressOf(values, problems);
  if (url === undefined || String(values["OTEL_SDK_DISABLED"]) === "true") return undefined;
  return {
    url,
    protocol: values["OTEL_EXPORTER_OTLP_PROTOCOL"] === "http/json" ? "http/json" : "http/protobuf",
    headers: readPairs("OTEL_EXPORTER_OTLP_HEADERS", values, problems),
    serviceName: String(values["OTEL_SERVICE_NAME"]),
    resource: readPairs("OTEL_RESOURCE_ATTRIBUTES", values, problems),
    sampler: String(values["OTEL_TRACES_SAMPLER"]),
    sampledShare: Number(values["OTEL_TRACES_SAMPLER_ARG"]),
  };
}

function addressOf(values: Values, problems: string[]): string | undefined {
  const names = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"] as const;
  const name = names.find((candidate) => values[candidate] !== undefined);
  if (name === undefined) return undefined;
  const value = String(values[name]);
  if (!URL.canParse(value)) problems.push(`${name} is not a URL`);
  return name === "OTEL_EXPORTER_OTLP_ENDPOINT" ? `${value.replace(/\/+$/, "")}/v1/traces` : value;
}

function readPairs(
  name: "OTEL_EXPORTER_OTLP_HEADERS" | "OTEL_RESOURCE_ATTRIBUTES",
  values: Values,
  problems: string[],
): Record<string, string> {
  const pairs = String(values[name] ?? "")
    .split(",")
    .filter((pair) => pair.trim() !== "")
    .map((pair) => [pair.slice(0, pair.indexOf("=")).trim(), pair.slice(pair.indexOf("=") + 1).trim()] as const);
  try {
    return Object.fromEntries(pairs.map(([key, value]) => [key, decodeURIComponent(value)]));
  } catch {
    problems.push(`${name} is not percent-encoded as it should be`);
    return {};
  }
}
