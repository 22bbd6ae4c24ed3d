import { StartError } from "./start-error";

/** True if a route parameter may have this value. */
export type RouteConstraint = (value: string) => boolean;

const guidForms = /^(?:[\da-f]{32}|([({]?)[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}([)}]?))$/i;
const INT32 = 2n ** 31n;
const INT64 = 2n ** 63n;

/** ASP.NET's inline constraints by name ("Routing in ASP.NET Core", route constraints), as far as webhooks need them. */
const constraints: Readonly<Record<string, (argument: string) => RouteConstraint>> = {
  alpha: () => (value) => /^[a-z]*$/i.test(value),
  bool: () => (value) => /^(?:true|false)$/i.test(value),
  guid: () => isGuid,
  int: () => (value) => isInteger(value, INT32),
  long: () => (value) => isInteger(value, INT64),
  length: (argument) => {
    const [least, most] = wholeNumbers(argument);
    return (value) => value.length >= least && value.length <= (most ?? least);
  },
  minlength: (argument) => {
    const [least] = wholeNumbers(argument);
    return (value) => value.length >= least;
  },
  maxlength: (argument) => {
    const [most] = wholeNumbers(argument);
    return (value) => value.length <= most;
  },
  regex: (argument) => {
    // ASP.NET searches, ignoring case; an anchor is the author's affair.
    const pattern = new RegExp(argument, "iu");
    return (value) => pattern.test(value);
  },
};

/** Compiles one constraint of a route template. @throws {StartError} it is unknown or its argument is wrong */
export function compileConstraint(name: string, argument: string): RouteConstraint {
  const compile = constraints[name.toLowerCase()];
  if (compile === undefined) throw new StartError(`route constraint ${name} is not known`);
  try {
    return compile(argument);
  } catch (error) {
    throw new StartError(`route constraint ${name}(${argument}) is malformed`, error);
  }
}

function wholeNumbers(argument: string): [number, number | undefined] {
  const match = /^\s*(\d+)\s*(?:,\s*(\d+)\s*)?$/.exec(argument);
  if (match === null) throw new RangeError(argument);
  return [Number(match[1]), match[2] === undefined ? undefined : Number(match[2])];
}

function isInteger(value: string, limit: bigint): boolean {
  if (!/^\s*[+-]?\d{1,30}\s*$/.test(value)) return false;
  const number = BigInt(value.trim().replace(/^\+/, ""));
  return number >= -limit && number < limit;
}

/** The forms N, D, B and P of .NET's `Guid.TryParse`. */
function isGuid(value: string): boolean {
  const match = guidForms.exec(value);
  if (match === null) return false;
  const around = `${match[1] ?? ""}${match[2] ?? ""}`;
  return around === "" || around === "{}" || around === "()";
}
