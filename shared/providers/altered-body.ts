import { isUtf8 } from "node:buffer";
import { type DeliveryRequest, parseForeignJson } from "../core/delivery-request";
import { asObject, type JsonObject } from "../core/json";
import { nestsDeeperThan } from "../core/json-depth";

/** What a body may have been when it was signed, and in which way that differs from what arrived. */
export interface AlteredBody {
  readonly bytes: Buffer;
  readonly how: string;
}

/**
 * The forms in which frameworks, proxies and careless senders write a body anew, one after the other and made only when
 * asked for. The caller bounds the size of the body.
 */
export function* alteredBodies(request: DeliveryRequest): Generator<AlteredBody> {
  const text = request.body.toString("utf8");
  if (!isUtf8(request.body)) yield altered(text, "after its bytes were read as UTF-8, which they are not");
  yield altered(text.trim(), "without the white space around it");
  yield altered(`${text}\n`, "with a line feed at its end");
  yield altered("", "as an empty body: the signature was made before there was one");
  yield { bytes: Buffer.from(text, "latin1"), how: "in the encoding ISO 8859-1" };
  yield* formBodies(text);
  const value = parseForeignJson(text);
  if (value !== undefined) yield* rewrittenJson(value, { isIndented: !nestsDeeperThan(MAX_INDENTED_DEPTH, text) });
}

function altered(text: string, how: string): AlteredBody {
  return { bytes: Buffer.from(text), how };
}

/** A form whose JSON was signed, or JSON that was taken out of a signed form. */
function* formBodies(text: string): Generator<AlteredBody> {
  const payload = text.startsWith("payload=") ? new URLSearchParams(text).get("payload") : null;
  if (payload !== null) yield altered(payload, "as the JSON inside the form, not the form that arrived");
  yield altered(`payload=${encodeURIComponent(text)}`, "as the form of which this JSON was a part");
  yield altered(new URLSearchParams({ payload: text }).toString(), "as the form of which this JSON was a part");
}

/** Indenting repeats its white space at each item, so that a deep body of many would grow to hundreds of times its size. */
const MAX_INDENTED_DEPTH = 10;

function* rewrittenJson(value: unknown, { isIndented }: { readonly isIndented: boolean }): Generator<AlteredBody> {
  for (const [order, ordered] of [
    ["", value],
    [" and with its fields sorted", sorted(value)],
  ] as const) {
    const compact = JSON.stringify(ordered);
    const spaced = withSpaces(ordered);
    yield altered(compact, `as JSON without spaces${order}`);
    yield altered(spaced, `as JSON with a space after each colon and comma${order}`);
    yield altered(asciiOnly(compact), `as JSON without spaces, with \\u escapes${order}`);
    yield altered(asciiOnly(spaced), `as JSON with spaces, with \\u escapes${order}`);
    yield altered(compact.replaceAll("/", "\\/"), `as JSON with escaped slashes${order}`);
    yield altered(asciiOnly(compact).replaceAll("/", "\\/"), `as JSON with escaped slashes and \\u escapes${order}`);
    if (!isIndented) continue;
    yield altered(JSON.stringify(ordered, null, 2), `as JSON indented by two spaces${order}`);
    yield altered(JSON.stringify(ordered, null, 4), `as JSON indented by four spaces${order}`);
  }
}

/** As Python writes it. */
function withSpaces(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(withSpaces).join(", ")}]`;
  const object = asObject(value);
  if (object === undefined) return JSON.stringify(value);
  const fields = Object.entries(object).map(([name, field]) => `${JSON.stringify(name)}: ${withSpaces(field)}`);
  return `{${fields.join(", ")}}`;
}

function asciiOnly(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  const object: JsonObject | undefined = asObject(value);
  if (object === undefined) return value;
  const names = Object.keys(object).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(object[name])]));
}
