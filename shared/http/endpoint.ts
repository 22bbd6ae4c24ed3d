import { app, type HttpMethod, type HttpRequest, type HttpResponseInit } from "@azure/functions";
import { getServices, type Services } from "../app";
import type { Caller, Scope } from "../core/caller";
import { isTooDeep, parseJson } from "../core/delivery-request";
import { type ErrorCode, isWebhookError, WebhookError } from "../core/errors";
import type { JsonObject } from "../core/json";
import type { Provider } from "../core/provider";
import { audited, isAudited } from "./audited";
import { demandOperator, demandScope, readCaller } from "./caller";
import { toNotReady } from "./not-ready";
import { commonHeaders, toProblemResponse } from "./problem";
import { rawBody } from "./read-request";
import { toPath } from "./route-path";
import type { JsonSchema } from "./schemas";
import { tracedReply } from "./traced";
import { compileBody, compileParameters, type Validator } from "./validate";

/** One endpoint: what the host routes, what is checked before the handler runs, and what the OpenAPI document says. */
export interface EndpointSpec {
  /** Also the function's name. The host takes the first route that matches, in the order of these names. */
  readonly name: string;
  readonly method: Extract<HttpMethod, "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS">;
  readonly route: string;
  readonly summary: string;
  /** Who may call: anyone, the provider by its signature, or a caller with this scope. */
  readonly access: "anonymous" | "provider" | Scope;
  /** Only for an operator with that scope. */
  readonly operatorOnly?: true;
  readonly parameters?: {
    readonly path?: Readonly<Record<string, JsonSchema>>;
    readonly query?: Readonly<Record<string, JsonSchema>>;
  };
  readonly body?: JsonSchema | BodyOfProvider;
  /** What it changes, as the audit log names it, unless that is its path as far as the last parameter. */
  readonly changes?: string;
  /** What it makes, as the audit log names it: a path with names of fields of the reply. */
  readonly creates?: string;
  readonly responses: Readonly<Record<number, { readonly description: string; readonly schema?: JsonSchema }>>;
  /** Codes beyond those that any endpoint of its kind may answer. */
  readonly errors: readonly ErrorCode[];
  /** What to answer in place of a problem while the app cannot be built. */
  readonly whenNotReady?: (why: WebhookError) => EndpointReply;
}

/** An endpoint behind a token. */
export interface ManagementSpec<Body> extends EndpointSpec {
  readonly access: Scope;
  /** What it begins, as facts of the audit log, where nothing that stands afterwards tells it. */
  readonly begins?: (body: Body, reply: unknown) => JsonObject;
}

/** A body that depends on the provider which the request is about. */
export interface BodyOfProvider {
  /** Held against a request it is made of one provider; of all of them it is what the OpenAPI document shows. */
  readonly schemaOf: (providers: readonly Provider[]) => JsonSchema;
  /** @throws {WebhookError} if there is no such provider or webhook */
  readonly providerOf: (
    context: Pick<ManagementContext<undefined>, "services" | "caller" | "params">,
  ) => Provider | Promise<Provider>;
}

/** What a handler gets. */
export interface OpenContext {
  readonly services: Services;
  readonly request: HttpRequest;
  readonly params: Readonly<Record<string, string | undefined>>;
}

/** A handler behind a token also gets its caller, and what the caller sent, checked. */
export interface ManagementContext<Body> extends OpenContext {
  readonly caller: Caller;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: Body;
}

/** What a handler answers. */
export interface EndpointReply {
  /** 200 unless another is named. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly jsonBody?: unknown;
  readonly body?: string;
}

type Reply = EndpointReply | Promise<EndpointReply>;

const MAX_MANAGEMENT_BODY_BYTES = 1024 * 1024;
const specs: EndpointSpec[] = [];

/** Every endpoint that the loaded function files have registered. */
export function endpointSpecs(): readonly EndpointSpec[] {
  return specs;
}

/** Registers an endpoint for anyone, or for a provider: the handler reads and checks what comes by itself. */
export function openEndpoint(
  spec: EndpointSpec & { readonly access: "anonymous" | "provider" },
  handler: (context: OpenContext) => Reply,
): void {
  register(spec, (services, request) => handler({ services, request, params: request.params }));
}

/** Registers an endpoint that needs nothing of the app, and so answers the same while the app cannot be built. */
export function staticEndpoint(
  spec: EndpointSpec & { readonly access: "anonymous" },
  handler: (request: HttpRequest) => EndpointReply,
): void {
  registerHandler(spec, (request) => {
    try {
      return withCommonHeaders(handler(request));
    } catch (error) {
      if (isWebhookError(error)) return toProblemResponse(error);
      throw error;
    }
  });
}

/** Registers an endpoint behind a bearer token: caller, scope, parameters and body are checked before the handler runs, and what it changes is recorded. */
export function managementEndpoint<Body = undefined>(
  spec: ManagementSpec<Body>,
  handler: (context: ManagementContext<Body>) => Reply,
): void {
  const checkParams = toValidator(spec.parameters?.path);
  const checkQuery = toValidator(spec.parameters?.query);
  const findCheck = bodyChecks<Body>(spec.body);
  register(spec, async (services, request) => {
    const caller = await readCaller(request, services.access);
    demandScope(caller, spec.access);
    if (spec.operatorOnly) demandOperator(caller);
    checkParams({ ...request.params });
    const query = checkQuery(Object.fromEntries(request.query));
    const checkBody = await findCheck({ services, caller, params: request.params });
    // Without a body schema `Body` is undefined, and so is the body.
    const body = (checkBody ? checkBody(await jsonBody(request)) : undefined) as Body;
    const context = { services, request, params: request.params, caller, query, body };
    if (!isAudited(spec)) return handler(context);
    const begun = (reply: unknown): JsonObject | undefined => spec.begins?.(body, reply);
    return audited(spec, { ...context, begun }, () => handler(context));
  });
}

type FindCheck<Body> = (
  context: Parameters<BodyOfProvider["providerOf"]>[0],
) => Validator<Body> | undefined | Promise<Validator<Body>>;

/** What answers the check of a body: the same for every request, or one for each provider, compiled when first needed. */
function bodyChecks<Body>(body: EndpointSpec["body"]): FindCheck<Body> {
  if (!isOfProvider(body)) {
    const check = body && compileBody<Body>(body);
    return () => check;
  }
  const checks = new WeakMap<Provider, Validator<Body>>();
  return async (context) => {
    const provider = await body.providerOf(context);
    const check = checks.get(provider) ?? compileBody<Body>(body.schemaOf([provider]));
    checks.set(provider, check);
    return check;
  };
}

/** True for a body that depends on the provider. */
export function isOfProvider(body: EndpointSpec["body"]): body is BodyOfProvider {
  return body !== undefined && "schemaOf" in body;
}

function toValidator(properties: Readonly<Record<string, JsonSchema>> = {}): Validator<Record<string, unknown>> {
  return compileParameters({ type: "object", additionalProperties: false, properties });
}

function register(spec: EndpointSpec, answer: (services: Services, request: HttpRequest) => Reply): void {
  const traced = { method: spec.method, path: toPath(spec.route) };
  registerHandler(spec, async (request) => {
    let services: Services;
    try {
      const ready = getServices();
      services = ready instanceof Promise ? await ready : ready;
    } catch (error) {
      return notReadyReply(spec, await toNotReady(request, error));
    }
    const { tracer } = services;
    return tracer !== undefined && spec.access === "provider"
      ? tracedReply(tracer, traced, request, () => replyTo(services, spec, request, answer))
      : replyTo(services, spec, request, answer);
  });
}

async function replyTo(
  services: Services,
  spec: EndpointSpec,
  request: HttpRequest,
  answer: (services: Services, request: HttpRequest) => Reply,
): Promise<HttpResponseInit> {
  try {
    return withCommonHeaders(await answer(services, request));
  } catch (error) {
    return toErrorReply(services, spec, error);
  }
}

function registerHandler(
  spec: EndpointSpec,
  handler: (request: HttpRequest) => HttpResponseInit | Promise<HttpResponseInit>,
): void {
  specs.push(spec);
  app.http(spec.name, {
    methods: [spec.method],
    authLevel: "anonymous", // the provider's signature, or the bearer token, is the authentication
    route: spec.route,
    handler,
  });
}

function notReadyReply({ whenNotReady }: EndpointSpec, why: WebhookError): HttpResponseInit {
  return whenNotReady ? withCommonHeaders(whenNotReady(why)) : toProblemResponse(why);
}

function withCommonHeaders(reply: EndpointReply): HttpResponseInit {
  return { ...reply, headers: reply.headers ? { ...commonHeaders, ...reply.headers } : commonHeaders };
}

function toErrorReply({ log }: Services, spec: EndpointSpec, error: unknown): HttpResponseInit {
  if (isWebhookError(error)) {
    log("debug", "request.refused", { function: spec.name, code: error.code, detail: error.detail });
    return toProblemResponse(error);
  }
  log("error", "request.failed", { function: spec.name, error: error instanceof Error ? error.stack : String(error) });
  return toProblemResponse(new WebhookError("internal_error"));
}

/** The body as JSON whatever its content type says, because the seed's curl says none. An empty one counts as `{}`. */
async function jsonBody(request: HttpRequest): Promise<unknown> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_MANAGEMENT_BODY_BYTES) {
    throw new WebhookError("payload_too_large");
  }
  const bytes = await rawBody(request);
  if (bytes.length === 0 && request.headers.get("transfer-encoding") !== null)
    throw new WebhookError("length_required");
  if (bytes.length > MAX_MANAGEMENT_BODY_BYTES) throw new WebhookError("payload_too_large");
  if (bytes.length === 0) return {};
  const text = bytes.toString("utf8");
  if (isTooDeep(text)) {
    throw new WebhookError("invalid_request", { problems: [{ path: "", message: "nests more than 100 levels deep" }] });
  }
  const value = parseJson(text);
  if (value === undefined) throw new WebhookError("invalid_json");
  return value;
}
