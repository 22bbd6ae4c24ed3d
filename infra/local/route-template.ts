import { compileConstraint, type RouteConstraint } from "./route-constraints";
import { StartError } from "./start-error";

/** One segment of a route: a literal, a parameter, or a catch-all parameter for the rest of the path. */
export type RouteSegment =
  | { readonly kind: "literal"; readonly text: string }
  | {
      readonly kind: "parameter" | "rest";
      readonly name: string;
      readonly optional: boolean;
      readonly constraints: readonly RouteConstraint[];
    };

/**
 * Reads a route template in ASP.NET's syntax: `webhooks/{id:minlength(7)}`, `{id?}`, `{*rest}`. Braces inside a
 * parameter (in a regular expression) are doubled.
 * @throws {StartError} for what is malformed, and for mixed segments (`a-{b}`) and default values, which we do not run
 */
export function parseRouteTemplate(template: string): readonly RouteSegment[] {
  const segments = splitSegments(template).map((text) => parseSegment(text, template));
  segments.slice(0, -1).forEach((segment) => {
    if (segment.kind === "rest" || (segment.kind === "parameter" && segment.optional)) {
      throw new StartError(`route ${template}: only the last segment may be optional or a catch-all`);
    }
  });
  return segments;
}

/** At slashes, but not at those within braces. */
function splitSegments(template: string): string[] {
  const segments = [""];
  let inside = false;
  for (let i = 0; i < template.length; i++) {
    const char = template.charAt(i);
    const doubled = inside && (char === "{" || char === "}") && template.charAt(i + 1) === char;
    if (char === "/" && !inside) {
      segments.push("");
      continue;
    }
    if (!doubled && (char === "{" || char === "}")) inside = char === "{";
    segments.push(`${segments.pop() ?? ""}${char}${doubled ? char : ""}`);
    if (doubled) i++;
  }
  return segments.filter((segment) => segment !== "");
}

function parseSegment(text: string, template: string): RouteSegment {
  if (!/[{}]/.test(text)) return { kind: "literal", text: text.toLowerCase() };
  const match = /^\{(\*{0,2})([A-Za-z_]\w*)(:.*?)?(\?)?\}$/s.exec(text);
  if (match === null) throw new StartError(`route ${template}: the local host cannot run the segment ${text}`);
  const [, star = "", name = "", constraints = "", optional] = match;
  return {
    kind: star === "" ? "parameter" : "rest",
    name,
    optional: optional !== undefined || star !== "",
    constraints: parseConstraints(constraints.replaceAll("{{", "{").replaceAll("}}", "}"), template),
  };
}

function parseConstraints(text: string, template: string): RouteConstraint[] {
  const constraints: RouteConstraint[] = [];
  let rest = text;
  while (rest !== "") {
    // An argument ends at the parenthesis that the next constraint, or nothing, follows: a regex may hold others.
    const match = /^:([A-Za-z]+)(?:\((.*?)\))?(?=:[A-Za-z]|$)/s.exec(rest);
    if (match === null) throw new StartError(`route ${template}: the constraint ${rest} is malformed`);
    constraints.push(compileConstraint(match[1] ?? "", match[2] ?? ""));
    rest = rest.slice(match[0].length);
  }
  return constraints;
}
