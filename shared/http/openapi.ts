import { type ErrorCode, errorCatalogue } from "../core/errors";
import type { Provider } from "../core/provider";
import { type EndpointSpec, isOfProvider } from "./endpoint";
import { toPath } from "./route-path";
import { type JsonSchema, problemSchema } from "./schemas";

/** What the document is built from. */
export interface OpenApiOptions {
  readonly specs: readonly EndpointSpec[];
  readonly providers: readonly Provider[];
  readonly publicBaseUrl: string;
  readonly version: string;
}

/** Errors that any endpoint behind a token may answer. */
const managementErrors: readonly ErrorCode[] = ["unauthenticated", "forbidden", "internal_error"];

/** The OpenAPI 3.1 document of the endpoints, from the very schemas that check the requests. */
export function buildOpenApi({ specs, providers, publicBaseUrl, version }: OpenApiOptions): JsonSchema {
  const components: Record<string, JsonSchema> = { [problemSchema.title]: problemSchema };
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const spec of [...specs].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = toPath(spec.route);
    paths[path] = { ...paths[path], [spec.method.toLowerCase()]: toOperation(spec, providers, components) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Castiel Webhooks", version },
    servers: [{ url: publicBaseUrl }],
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A JWT of the issuer, or an API token." },
      },
    },
  };
}

function toOperation(
  spec: EndpointSpec,
  providers: readonly Provider[],
  components: Record<string, JsonSchema>,
): JsonSchema {
  const secured = spec.access !== "anonymous" && spec.access !== "provider";
  const body = isOfProvider(spec.body) ? spec.body.schemaOf(providers) : spec.body;
  return {
    operationId: spec.name,
    summary: spec.summary,
    ...(spec.access === "provider" ? { description: "Proved by the provider's own signature or token." } : {}),
    ...(spec.operatorOnly ? { description: "For operators only." } : {}),
    security: secured ? [{ bearer: [spec.access] }] : [],
    parameters: toParameters(spec),
    ...(body ? { requestBody: { content: { "application/json": { schema: reference(body, components) } } } } : {}),
    responses: { ...toErrorResponses(spec, secured), ...toResponses(spec, components) },
  };
}

function toParameters({ parameters }: EndpointSpec): readonly JsonSchema[] {
  const toList = (place: "path" | "query"): JsonSchema[] =>
    Object.entries(parameters?.[place] ?? {}).map(([name, schema]) => ({
      name,
      in: place,
      required: place === "path",
      schema,
    }));
  return [...toList("path"), ...toList("query")];
}

function toResponses(spec: EndpointSpec, components: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const entries = Object.entries(spec.responses).map(([status, { description, schema }]) => [
    status,
    { description, ...(schema ? { content: { "application/json": { schema: reference(schema, components) } } } : {}) },
  ]);
  return Object.fromEntries(entries) as Record<string, JsonSchema>;
}

/** One response a status; its description names the codes. */
function toErrorResponses(spec: EndpointSpec, secured: boolean): Record<string, JsonSchema> {
  const codes = [...new Set([...spec.errors, ...(secured ? managementErrors : ["internal_error" as const])])];
  const responses: Record<string, JsonSchema> = {};
  for (const code of codes.sort()) {
    const { status } = errorCatalogue[code];
    const sameStatus = codes.filter((other) => errorCatalogue[other].status === status);
    responses[status] = {
      description: sameStatus.map((other) => `\`${other}\`: ${errorCatalogue[other].title}`).join(" "),
      content: { "application/problem+json": { schema: { $ref: `#/components/schemas/${problemSchema.title}` } } },
    };
  }
  return responses;
}

/** A schema with a title stands among the components once. */
function reference(schema: JsonSchema, components: Record<string, JsonSchema>): JsonSchema {
  const title = schema["title"];
  if (typeof title !== "string") return schema;
  components[title] = schema;
  return { $ref: `#/components/schemas/${title}` };
}
