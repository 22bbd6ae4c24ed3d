import type { Binding, RegisteredFunction } from "./core-api";

/** A function that answers requests, and how its route is matched. */
export interface HttpFunction {
  readonly definition: RegisteredFunction;
  readonly methods: ReadonlySet<string>;
  readonly pattern: RegExp;
  readonly parameters: readonly string[];
}

/** What a request was matched to. */
export interface RouteMatch {
  readonly definition: RegisteredFunction;
  readonly params: Record<string, string>;
}

/** Constraints of ASP.NET routing, as the source of a regular expression for one segment. */
const constraints: Readonly<Record<string, (argument: string) => string>> = {
  minlength: (argument) => `[^/]{${Number(argument)},}`,
  maxlength: (argument) => `[^/]{1,${Number(argument)}}`,
  length: (argument) => `[^/]{${argument.replace(/\s/g, "")}}`,
  int: () => "-?[0-9]+",
  guid: () => "[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}",
  alpha: () => "[a-z]+",
  regex: (argument) => argument.replace(/\{\{/g, "{").replace(/\}\}/g, "}"),
};

const placeholder = /\{(\*?)(\w+)(?::(\w+)(?:\((.*)\))?)?(\?)?\}/;

/**
 * The HTTP functions in the host's order: by function name, case ignored. The first that matches wins, a literal does not
 * come before a parameter (Azure/azure-functions-host#9876), and the method is part of the match.
 */
export function createRouteTable(functions: readonly RegisteredFunction[], prefix: string): readonly HttpFunction[] {
  return functions
    .flatMap((definition) => {
      const trigger = triggerOf(definition, "httpTrigger");
      return trigger ? [toHttpFunction(definition, trigger, prefix)] : [];
    })
    .sort((a, b) => compareNames(a.definition.name, b.definition.name));
}

/** The trigger of a function, if it is of the type. Binding names are hashed, so the type tells it. */
export function triggerOf(definition: RegisteredFunction, type: string): Binding | undefined {
  return Object.values(definition.bindings).find((binding) => binding.type?.toLowerCase() === type.toLowerCase());
}

/** The first function whose route and method match; `undefined` is a 404, also for a wrong method. */
export function matchRoute(table: readonly HttpFunction[], method: string, path: string): RouteMatch | undefined {
  for (const { definition, methods, pattern, parameters } of table) {
    if (!methods.has(method)) continue;
    const match = pattern.exec(path);
    if (match === null) continue;
    const params = readParams(parameters, match);
    if (params) return { definition, params };
  }
  return undefined;
}

function compareNames(a: string, b: string): number {
  const [left, right] = [a.toUpperCase(), b.toUpperCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}

function toHttpFunction(definition: RegisteredFunction, trigger: Binding, prefix: string): HttpFunction {
  const route = typeof trigger["route"] === "string" ? trigger["route"] : definition.name;
  const methods = Array.isArray(trigger["methods"]) ? trigger["methods"].map(String) : ["GET", "POST"];
  const { source, parameters } = toPattern([prefix, route].filter((part) => part !== "").join("/"));
  return {
    definition,
    methods: new Set(methods.map((method) => method.toUpperCase())),
    pattern: new RegExp(`^/${source}/?$`, "i"),
    parameters,
  };
}

function toPattern(route: string): { source: string; parameters: string[] } {
  const parameters: string[] = [];
  const segments = route.split(/\/(?![^{]*\})/).map((segment, index) => {
    const slash = index === 0 ? "" : "/";
    const match = placeholder.exec(segment);
    if (match === null) return slash + escape(segment);
    const [whole, catchAll, name = "", constraint, argument = "", optional] = match;
    parameters.push(name);
    const value = catchAll ? ".*" : (constraints[constraint?.toLowerCase() ?? ""]?.(argument) ?? "[^/]+");
    const before = escape(segment.slice(0, match.index));
    const after = escape(segment.slice(match.index + whole.length));
    return optional ? `(?:${slash}${before}(${value})${after})?` : `${slash}${before}(${value})${after}`;
  });
  return { source: segments.join(""), parameters };
}

function escape(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** `undefined` if a value is no valid percent-encoding: such a path is nobody's. */
function readParams(names: readonly string[], match: RegExpExecArray): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const raw = match[index + 1];
    if (raw === undefined) continue;
    try {
      params[name] = raw.includes("%") ? decodeURIComponent(raw) : raw;
    } catch {
      return undefined;
    }
  }
  return params;
}
