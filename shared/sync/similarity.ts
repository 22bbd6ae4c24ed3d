/** How a text is compared: without case, marks over letters, and more than single spaces. */
export function normalise(value: unknown): string {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return "";
  return String(value).normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
}

const PREFIX_WEIGHT = 0.1;
const MAX_PREFIX = 4;

/**
 * Jaro–Winkler similarity, 0 (nothing in common) to 1 (equal): Jaro's share of matching and transposed characters, raised
 * for a common beginning of up to four (W. E. Winkler, "String Comparator Metrics and Enhanced Decision Rules in the
 * Fellegi-Sunter Model of Record Linkage", 1990).
 */
export function jaroWinkler(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  const jaro = jaroOf(left, right);
  let prefix = 0;
  while (prefix < MAX_PREFIX && prefix < left.length && left[prefix] === right[prefix]) prefix++;
  return jaro + prefix * PREFIX_WEIGHT * (1 - jaro);
}

function jaroOf(left: readonly string[], right: readonly string[]): number {
  if (left.length === 0 && right.length === 0) return 1;
  const reach = Math.max(0, Math.floor(Math.max(left.length, right.length) / 2) - 1);
  const taken = new Set<number>();
  const matchedLeft: string[] = [];
  for (const [index, character] of left.entries()) {
    const last = Math.min(right.length - 1, index + reach);
    for (let other = Math.max(0, index - reach); other <= last; other++) {
      if (taken.has(other) || right[other] !== character) continue;
      taken.add(other);
      matchedLeft.push(character);
      break;
    }
  }
  if (matchedLeft.length === 0) return 0;
  const matchedRight = right.filter((_, index) => taken.has(index));
  const transposed = matchedLeft.filter((character, index) => character !== matchedRight[index]).length / 2;
  const matches = matchedLeft.length;
  return (matches / left.length + matches / right.length + (matches - transposed) / matches) / 3;
}

const soundexDigits: Readonly<Record<string, string>> = Object.fromEntries(
  ["bfpv", "cgjkqsxz", "dt", "l", "mn", "r"].flatMap((letters, index) =>
    Array.from(letters, (letter) => [letter, String(index + 1)]),
  ),
);

/**
 * American Soundex of a text: a letter and three digits for its first word (National Archives, "The Soundex Indexing
 * System"): letters of one digit in a row count once, also with h or w between them. Empty where there is no letter a to z.
 */
export function soundex(text: string): string {
  const letters = Array.from(normalise(text)).filter((letter) => /[a-z]/.test(letter));
  const [first] = letters;
  if (first === undefined) return "";
  let code = first.toUpperCase();
  let last = soundexDigits[first] ?? "";
  for (const letter of letters.slice(1)) {
    const digit = soundexDigits[letter] ?? "";
    if (digit !== "" && digit !== last) code += digit;
    if (letter !== "h" && letter !== "w") last = digit;
  }
  return code.slice(0, 4).padEnd(4, "0");
}
