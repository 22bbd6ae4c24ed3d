const token = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * `Headers` over the pairs of `IncomingMessage.rawHeaders`. Reading by name, which is all that the hot path does, needs no
 * real `Headers`; everything else, and every change, goes to the real one, made when it is first needed.
 */
export class LightHeaders implements Headers {
  readonly #raw: readonly string[];
  readonly #toReal: () => Headers;
  #real: Headers | undefined;

  /** `raw` alternates names and values; `toReal` builds the same as real `Headers`. */
  constructor(raw: readonly string[], toReal: () => Headers) {
    this.#raw = raw;
    this.#toReal = toReal;
  }

  get(name: string): string | null {
    if (this.#real !== undefined) return this.#real.get(name);
    const value = readHeader(this.#raw, name);
    // The real one throws for what cannot be a name.
    return value === null && !token.test(name) ? this.#headers.get(name) : value;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  append(name: string, value: string): void {
    this.#headers.append(name, value);
  }

  delete(name: string): void {
    this.#headers.delete(name);
  }

  set(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  getSetCookie(): string[] {
    return this.#headers.getSetCookie();
  }

  forEach(callback: (value: string, key: string, parent: Headers) => void, thisArgument?: unknown): void {
    this.#headers.forEach((value, key) => callback.call(thisArgument, value, key, this));
  }

  keys(): ReturnType<Headers["keys"]> {
    return this.#headers.keys();
  }

  values(): ReturnType<Headers["values"]> {
    return this.#headers.values();
  }

  entries(): ReturnType<Headers["entries"]> {
    return this.#headers.entries();
  }

  [Symbol.iterator](): ReturnType<Headers["entries"]> {
    return this.#headers[Symbol.iterator]();
  }

  get #headers(): Headers {
    this.#real ??= this.#toReal();
    return this.#real;
  }
}

/** The header's value, several joined with `,` as the Azure host joins them; `null` where there is none. */
function readHeader(raw: readonly string[], name: string): string | null {
  const wanted = name.toLowerCase();
  let found: string | null = null;
  for (let i = 0; i < raw.length; i += 2) {
    const candidate = raw[i] ?? "";
    if (candidate.length !== wanted.length || candidate.toLowerCase() !== wanted) continue;
    const value = raw[i + 1] ?? "";
    found = found === null ? value : `${found},${value}`;
  }
  return found;
}

/** Raw header pairs as the Azure host hands them to the library: lower-case names, several values joined with `,`. */
export function toHeaderRecord(raw: readonly string[]): Record<string, string> {
  const values = new Map<string, string>();
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? "").toLowerCase();
    const known = values.get(name);
    values.set(name, known === undefined ? (raw[i + 1] ?? "") : `${known},${raw[i + 1] ?? ""}`);
  }
  return Object.fromEntries(values);
}
