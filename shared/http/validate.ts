import Ajv, { type ErrorObject, type Schema } from "ajv";
import addFormats from "ajv-formats";
import { WebhookError, type Problem } from "../core/errors";

/** Bodies are taken as they are; query parameters are text, and so numbers among them are converted. */
const bodies = once(() => withFormats(new Ajv({ allErrors: true, discriminator: true })));
const queries = once(() => withFormats(new Ajv({ allErrors: true, coerceTypes: true })));

/** Whoever sends more that is wrong learns the rest next time. */
const MAX_PROBLEMS = 100;

/** Checks a value against a schema and answers it as what the schema describes. */
export type Validator<T> = (value: unknown) => T;

/**
 * A check that names every problem at once. The schema is compiled when the check is first used: all of them together
 * would take longer than everything else that happens when a function app starts.
 * @throws {WebhookError} (the check) `invalid_request`
 */
export function compileBody<T>(schema: Schema): Validator<T> {
  return compileWith<T>(bodies, schema);
}

/** The same for parameters, which arrive as text. */
export function compileParameters<T>(schema: Schema): Validator<T> {
  return compileWith<T>(queries, schema);
}

function compileWith<T>(ajv: () => Ajv, schema: Schema): Validator<T> {
  const compiled = once(() => ajv().compile<T>(schema));
  return (value) => {
    const validate = compiled();
    if (validate(value)) return value;
    // That one branch of a condition did not hold says nothing that the branch's own problems do not.
    const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== "if");
    throw new WebhookError("invalid_request", { problems: errors.slice(0, MAX_PROBLEMS).map(toProblem) });
  };
}

function withFormats(ajv: Ajv): Ajv {
  const isWritten = addFormats(new Ajv(), ["date-time"]).compile({ type: "string", format: "date-time" });
  // RFC 3339 has leap seconds, which JavaScript's clock does not know.
  const validate = (time: string): boolean => isWritten(time) && Number.isFinite(Date.parse(time));
  return addFormats(ajv, ["email", "uri"]).addFormat("date-time", { type: "string", validate });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function toProblem(error: ErrorObject): Problem {
  const field = (name: string): string => `${error.instancePath}/${String(error.params[name])}`;
  switch (error.keyword) {
    case "required":
      return { path: field("missingProperty"), message: "is required" };
    case "additionalProperties":
      return { path: field("additionalProperty"), message: "is not a known field" };
    case "enum":
      return { path: error.instancePath, message: `must be one of ${listOf(error.params["allowedValues"])}` };
    case "discriminator":
      return { path: field("tag"), message: "is missing or not one of the kinds" };
    default:
      return { path: error.instancePath, message: error.message ?? "is wrong" };
  }
}

function listOf(values: unknown): string {
  return Array.isArray(values) ? values.join(", ") : "";
}
