const MASK = "***";

/** A text as one notation reads it, and where each of its characters begins in what it was read from; the end stands last. */
interface Reading {
  readonly text: string;
  readonly starts: readonly number[];
}

/** How a notation writes characters that it does not write as they are. */
interface Notation {
  readonly escapes: RegExp;
  readonly valueOf: (escape: string) => string;
}

const short: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** RFC 8259, section 7; the halves of a surrogate pair are one character. */
const json: Notation = {
  escapes: /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[\da-fA-F]{4}|["\\/bfnrt])/g,
  valueOf: (escape) => {
    const letter = escape.charAt(1);
    if (letter !== "u") return short[letter] ?? letter;
    return escape.replace(/\\u/g, "").replace(/.{4}/g, (unit) => String.fromCharCode(Number.parseInt(unit, 16)));
  },
};

/** `application/x-www-form-urlencoded`, and URLs but for their spaces. */
const form: Notation = {
  escapes: /%[\da-fA-F]{2}|\+/g,
  valueOf: (escape) => (escape === "+" ? " " : String.fromCharCode(Number.parseInt(escape.slice(1), 16))),
};

const named: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
};

const xml: Notation = {
  escapes: /&(?:#\d{1,10}|#[xX][\da-fA-F]{1,10}|amp|lt|gt|quot|apos);/g,
  valueOf: (escape) => {
    const point = Number(escape.slice(2, -1).replace(/^[xX]/, "0x"));
    // The greatest code point there is; of what has a name this is not a number.
    return named[escape] ?? (point <= 0x10ffff ? String.fromCodePoint(point) : escape);
  },
};

/**
 * The bytes with `***` in the place of these secrets, whether they stand there as they are or as JSON, XML, a form or a URL
 * writes them, each character in a way of its own. Its work grows with the bytes, whatever stands in them.
 */
export function maskSecrets(bytes: Buffer, secrets: readonly string[]): Buffer {
  // In Latin-1 a character is a byte, so that what is no text comes through as it was.
  const source = bytes.toString("latin1");
  const wanted = secrets.filter((secret) => secret !== "").map(inLatin1);
  const ranges = readingsOf(source).flatMap((reading) => wanted.flatMap((secret) => rangesOf(reading, secret)));
  return ranges.length === 0 ? bytes : Buffer.from(withoutRanges(source, ranges), "latin1");
}

const ascii = /^[\0-\x7f]*$/;

/** The UTF-8 bytes of a text, a character each. */
function inLatin1(text: string): string {
  return ascii.test(text) ? text : Buffer.from(text).toString("latin1");
}

function readingsOf(source: string): readonly Reading[] {
  const raw = { text: source, starts: [...Array(source.length + 1).keys()] };
  const asForm = readAs(raw, form, (value) => value);
  // Slack sends JSON in a form.
  return [raw, readAs(raw, json, inLatin1), asForm, readAs(asForm, json, inLatin1), readAs(raw, xml, inLatin1)];
}

function readAs(
  { text, starts }: Reading,
  { escapes, valueOf }: Notation,
  toBytes: (value: string) => string,
): Reading {
  const parts: string[] = [];
  const found: number[] = [];
  let at = 0;
  const takeUntil = (end: number): void => {
    parts.push(text.slice(at, end));
    for (; at < end; at++) found.push(startAt(starts, at));
  };
  for (const { 0: escape, index } of text.matchAll(escapes)) {
    takeUntil(index);
    const value = toBytes(valueOf(escape));
    parts.push(value);
    for (let count = 0; count < value.length; count++) found.push(startAt(starts, index));
    at = index + escape.length;
  }
  takeUntil(text.length);
  return { text: parts.join(""), starts: [...found, startAt(starts, text.length)] };
}

function startAt(starts: Reading["starts"], index: number): number {
  const start = starts[index];
  if (start === undefined) throw new RangeError(`a reading has no character ${index}`);
  return start;
}

type Range = readonly [from: number, to: number];

function rangesOf({ text, starts }: Reading, secret: string): readonly Range[] {
  const ranges: Range[] = [];
  for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + 1)) {
    ranges.push([startAt(starts, at), startAt(starts, at + secret.length)]);
  }
  return ranges;
}

function withoutRanges(source: string, ranges: readonly Range[]): string {
  const parts: string[] = [];
  let end = 0;
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    if (from >= end) parts.push(source.slice(end, from), MASK);
    end = Math.max(end, to);
  }
  return [...parts, source.slice(end)].join("");
}
