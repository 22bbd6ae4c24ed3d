import type { Setting } from "./settings";

const text = { type: "string", minLength: 1 };
const url = { type: "string", pattern: "^https?://[^\\s/]+" };
/** `name=value`, separated by commas; the values are percent-encoded. */
const pairs = { type: "string", pattern: "^\\s*[^=,\\s]+\\s*=[^,]*(,\\s*[^=,\\s]+\\s*=[^,]*)*$" };

/**
 * Settings of traces, by OpenTelemetry's own names (opentelemetry.io, "Environment Variable Specification" and "OTLP
 * Exporter Configuration").
 */
export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    schema: url,
    description:
      "Where traces are sent, by OTLP over HTTP: `https://collector.example.com:4318`, to which `/v1/traces` is added. Default: no traces.",
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    schema: url,
    description: "In its place, the whole address as it is.",
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    schema: pairs,
    description: "Headers for it, such as a key: `name=value,name=value`. On Azure a Key Vault reference.",
  },
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    schema: { enum: ["http/protobuf", "http/json"] },
    default: "http/protobuf",
    description: "How traces are written; gRPC is not supported.",
  },
  OTEL_SERVICE_NAME: { schema: text, default: "castiel-webhooks", description: "What traces call this service." },
  OTEL_RESOURCE_ATTRIBUTES: {
    schema: pairs,
    description: "What else they say of it: `deployment.environment.name=production`.",
  },
  OTEL_TRACES_SAMPLER: {
    schema: {
      enum: [
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
      ],
    },
    default: "parentbased_always_on",
    description: "Which traces are sent; with `parentbased_…` an event goes by what was decided of its delivery.",
  },
  OTEL_TRACES_SAMPLER_ARG: {
    schema: { type: "number", minimum: 0, maximum: 1 },
    default: "1",
    description: "The share of traces for `…traceidratio`.",
  },
  OTEL_SDK_DISABLED: {
    schema: { enum: ["true", "false"] },
    default: "false",
    description: "`true` switches traces off, whatever else is set.",
  },
} as const satisfies Record<string, Setting>;
