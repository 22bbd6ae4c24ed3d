import type { IncomingHttpHeaders } from "node:http";

/**
 * Request headers that fulfil `Headers` without building one: a delivery asks for a handful of names, and a real
 * `Headers` costs more than checking its signature.
 */
export class LightHeaders implements Headers {
  readonly #raw: IncomingHttpHeaders;
  #real: Headers | undefined;

  /** `raw` as node:http gives it: names in lower case, repeated values joined but for `set-cookie`. */
  constructor(raw: IncomingHttpHeaders) {
    this.#raw = raw;
  }

  get(name: string): string | null {
    if (this.#real) return this.#real.get(name);
    const value = this.#raw[name] ?? this.#raw[name.toLowerCase()];
    return value === undefined ? null : typeof value === "string" ? value : value.join(", ");
  }

  has(name: string): boolean {
    return this.#headers().has(name);
  }

  append(name: string, value: string): void {
    this.#headers().append(name, value);
  }

  delete(name: string): void {
    this.#headers().delete(name);
  }

  set(name: string, value: string): void {
    this.#headers().set(name, value);
  }

  getSetCookie(): string[] {
    return this.#headers().getSetCookie();
  }

  forEach(visit: (value: string, key: string, parent: Headers) => void): void {
    this.#headers().forEach((value, key) => visit(value, key, this));
  }

  keys(): ReturnType<Headers["keys"]> {
    return this.#headers().keys();
  }

  values(): ReturnType<Headers["values"]> {
    return this.#headers().values();
  }

  entries(): ReturnType<Headers["entries"]> {
    return this.#headers().entries();
  }

  [Symbol.iterator](): ReturnType<Headers["entries"]> {
    return this.entries();
  }

  #headers(): Headers {
    this.#real ??= new Headers(toRecord(this.#raw));
    return this.#real;
  }
}

/** Headers as the host hands them to the worker: one text a name. */
export function toRecord(raw: IncomingHttpHeaders): Record<string, string> {
  const record: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (value !== undefined) record[name] = typeof value === "string" ? value : value.join(", ");
  }
  return record;
}
