/** What the server itself has to know of a request's headers. */
export interface RequestHead {
  readonly host: string;
  /** 0 where there is none. */
  readonly contentLength: number;
  readonly isChunked: boolean;
  /**
   * Status to refuse with: 400 for a header or host that Kestrel refuses, 500 for a header value beyond U+00FF, on which
   * the library's `HttpRequest` throws before a handler could run.
   */
  readonly fault: 400 | 500 | undefined;
}

const nonAscii = /[\u0080-\u00ff]/;
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });
let knownHost = "";

/**
 * Reads the headers in one pass. Node decodes header bytes as Latin-1 while Kestrel takes UTF-8: values that are not ASCII
 * are decoded again, in place.
 */
export function readRequestHead(raw: string[]): RequestHead {
  let host = "";
  let hosts = 0;
  let contentLength = 0;
  let isChunked = false;
  let fault: RequestHead["fault"];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? "";
    const value = raw[i + 1] ?? "";
    if (nonAscii.test(value)) {
      const decoded = decodeUtf8(value);
      raw[i + 1] = decoded ?? value;
      fault ??= decoded === undefined ? 400 : beyondLatin1(decoded) ? 500 : undefined;
    }
    if (name.length === 4 && name.toLowerCase() === "host") {
      host = value;
      hosts += 1;
    } else if (name.length === 14 && name.toLowerCase() === "content-length") contentLength = Number(value);
    else if (name.length === 17 && name.toLowerCase() === "transfer-encoding") isChunked = true;
  }
  if (hosts > 1 || !isHost(host)) fault = 400;
  return { host: host === "" ? "localhost" : host, contentLength, isChunked, fault };
}

/** An empty host is allowed: HTTP/1.0 has none. */
function isHost(host: string): boolean {
  if (host === knownHost) return true;
  const valid = /^[\w.:[\]~%-]*$/.test(host) && URL.canParse(`http://${host === "" ? "localhost" : host}`);
  if (valid) knownHost = host;
  return valid;
}

function decodeUtf8(latin1: string): string | undefined {
  try {
    return strictUtf8.decode(Buffer.from(latin1, "latin1"));
  } catch {
    return undefined;
  }
}

function beyondLatin1(value: string): boolean {
  return /[^\u0000-\u00ff]/.test(value);
}
