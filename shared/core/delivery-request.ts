/** Reads header values by name, ignoring case; `null` where there is none. `Headers` fulfils it. */
export interface HeaderReader {
  get(name: string): string | null;
}

/** A delivery as it came in: headers and the exact bytes, because a signature covers what was sent. */
export class DeliveryRequest {
  readonly headers: HeaderReader;
  readonly body: Buffer;
  #json: { readonly value: unknown } | undefined;

  constructor(headers: HeaderReader, body: Buffer) {
    this.headers = headers;
    this.body = body;
  }

  /** The body as JSON, parsed once; `undefined` if it is not valid JSON. */
  json(): unknown {
    this.#json ??= { value: parseJson(this.body.toString("utf8")) };
    return this.#json.value;
  }
}

/** The value of a JSON text, or `undefined` where the text is not valid JSON (which JSON itself cannot express). */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
