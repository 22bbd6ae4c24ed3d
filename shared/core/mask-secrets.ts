const MASK = "***";

/**
 * The bytes with `***` in the place of these secrets, each as it is or as JSON (RFC 8259, section 7), XML, or a form or URL
 * would write it, each character in a way of its own.
 */
export function maskSecrets(bytes: Buffer, secrets: readonly string[]): Buffer {
  // In Latin-1 a character is a byte, so that what is no text comes through as it was.
  const text = bytes.toString("latin1");
  const masked = secrets.reduce((rest, secret) => (secret === "" ? rest : rest.replace(formsOf(secret), MASK)), text);
  return masked === text ? bytes : Buffer.from(masked, "latin1");
}

function formsOf(secret: string): RegExp {
  const characters = Array.from(secret, (character) => `(?:${formsOfCharacter(character).join("|")})`);
  return new RegExp(characters.join(""), "g");
}

const named: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };

function formsOfCharacter(character: string): readonly string[] {
  const bytes = Buffer.from(character);
  const point = character.codePointAt(0) ?? 0;
  const raw = literal(bytes.toString("latin1"));
  const units = [...Array(character.length).keys()].map((index) => character.charCodeAt(index));
  const name = named[character];
  // The shortest comes last: a secret may begin with a character that stands in the other forms of it.
  return [
    units.map((unit) => `\\\\u${anyCase(unit.toString(16).padStart(4, "0"))}`).join(""),
    [...bytes].map((byte) => `%${anyCase(byte.toString(16).padStart(2, "0"))}`).join(""),
    `&#0*${point};`,
    `&#x0*${anyCase(point.toString(16))};`,
    ...(name === undefined ? [] : [`&${name};`]),
    ...(character === " " ? ["\\+"] : []),
    `\\\\?${raw}`,
  ];
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}
