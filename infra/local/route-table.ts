import type { RouteConstraint } from "./route-constraints";
import { parseRouteTemplate, type RouteSegment } from "./route-template";
import { StartError } from "./start-error";

/** What a function wants to be routed by. `target` is handed back with a match. */
export interface RouteOptions<T> {
  readonly functionName: string;
  readonly methods: readonly string[];
  /** With the route prefix. */
  readonly template: string;
  readonly target: T;
}

/** Where a request goes. */
export interface RouteMatch<T> {
  readonly target: T;
  /** Decoded; an optional parameter that the path leaves out is absent. */
  readonly params: Record<string, string>;
}

interface Route<T> {
  readonly methods: ReadonlySet<string>;
  readonly segments: readonly RouteSegment[];
  readonly least: number;
  readonly most: number;
  readonly target: T;
}

/** Paths of more segments than this are matched without the index, so that a stranger cannot make it grow. */
const INDEXED_SEGMENTS = 16;
const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * The Azure host's routing: the first match in the order of function names, ignoring case, with no precedence for
 * literals; the method is part of the match, so a wrong verb is a 404 (azure-functions-host
 * `WebScriptHostHttpRoutesManager.cs`, azure-webjobs-sdk-extensions `Routing/WebJobsRouter.cs`).
 */
export class RouteTable<T> {
  readonly #routes: readonly Route<T>[];
  readonly #index = new Map<string, readonly Route<T>[]>();

  /** @throws {StartError} a template is malformed or reserved */
  constructor(routes: readonly RouteOptions<T>[]) {
    this.#routes = [...routes].sort(byFunctionName).map(compileRoute);
  }

  /** The match for a method and a request target (`/path?query`), `undefined` if there is none. */
  match(method: string, target: string): RouteMatch<T> | undefined {
    const path = toSegments(target);
    for (const route of this.#candidates(method, path.length)) {
      const params = matchSegments(route.segments, path);
      if (params !== undefined) return { target: route.target, params };
    }
    return undefined;
  }

  #candidates(method: string, count: number): readonly Route<T>[] {
    if (count > INDEXED_SEGMENTS) return this.#select(method, count);
    const key = `${method} ${count}`;
    let known = this.#index.get(key);
    if (known === undefined) {
      known = this.#select(method, count);
      this.#index.set(key, known);
    }
    return known;
  }

  #select(method: string, count: number): readonly Route<T>[] {
    return this.#routes.filter((route) => route.methods.has(method) && count >= route.least && count <= route.most);
  }
}

function byFunctionName(a: { readonly functionName: string }, b: { readonly functionName: string }): number {
  // Ordinal: localeCompare would sort "-" away.
  const [left, right] = [a.functionName.toUpperCase(), b.functionName.toUpperCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}

function compileRoute<T>({ methods, template, target }: RouteOptions<T>): Route<T> {
  const segments = parseRouteTemplate(template);
  const [first, last] = [segments[0], segments.at(-1)];
  if (first?.kind === "literal" && (first.text === "admin" || first.text === "runtime")) {
    throw new StartError(`route ${template}: routes that begin with ${first.text} are reserved`);
  }
  const optional = last !== undefined && last.kind !== "literal" && last.optional;
  return {
    methods: new Set(methods.map((method) => method.toUpperCase())),
    segments,
    least: segments.length - (optional ? 1 : 0),
    most: last?.kind === "rest" ? Infinity : segments.length,
    target,
  };
}

/** Segments of the path, still encoded, without a trailing empty one. */
function toSegments(target: string): string[] {
  const end = target.indexOf("?");
  let path = end === -1 ? target : target.slice(0, end);
  // An absolute target, or one with dot segments, is rare: the URL parser knows how to read it.
  if (!path.startsWith("/") || dotSegment.test(path)) path = URL.parse(path, "http://localhost")?.pathname ?? "/";
  const segments = path.split("/");
  segments.shift();
  if (segments.at(-1) === "") segments.pop();
  return segments;
}

function matchSegments(segments: readonly RouteSegment[], path: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i];
    const raw = path[i] ?? "";
    if (segment?.kind === "literal") {
      if (raw !== segment.text && decodeSegment(raw).toLowerCase() !== segment.text) return undefined;
    } else if (segment !== undefined) {
      const value = segment.kind === "rest" ? path.slice(i).map(decodeSegment).join("/") : decodeSegment(raw);
      if (value === "" ? !segment.optional : !isAccepted(value, segment.constraints)) return undefined;
      if (value !== "") params[segment.name] = value;
    }
  }
  return params;
}

function isAccepted(value: string, constraints: readonly RouteConstraint[]): boolean {
  for (const accepts of constraints) if (!accepts(value)) return false;
  return true;
}

/** As Kestrel decodes a path: `%2F` stays, and so does what is not valid UTF-8. */
function decodeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment.replaceAll(/%2f/gi, (slash) => `%25${slash.slice(1)}`));
  } catch {
    return segment;
  }
}
