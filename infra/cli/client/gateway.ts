import { asObject, type JsonObject, objectsIn, textAt } from "../../../shared/core/json";
import { plain } from "./print";

/** The gateway's management API, and who calls it. */
export interface GatewayOptions {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token: string;
}

/** The gateway said no, or did not answer. `message` is for a person. */
export class GatewayError extends Error {
  /** It did not answer, or could not: it may later. */
  readonly isOutage: boolean;

  constructor(message: string, { isOutage = false, ...options }: ErrorOptions & { readonly isOutage?: boolean } = {}) {
    super(message, options);
    this.name = "GatewayError";
    this.isOutage = isOutage;
  }
}

/** What a request may carry. */
export interface RequestParts {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object;
}

/** Calls the management API; everything that it says comes back as it is. */
export class Gateway {
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** The JSON of a 2xx answer. @throws {GatewayError} for any other */
  async call(method: string, path: string, { query = {}, body }: RequestParts = {}): Promise<JsonObject> {
    const { url, token } = this.#options;
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const search = new URLSearchParams(given).toString();
    const reply = await fetch(`${url}${path}${search === "" ? "" : `?${search}`}`, {
      method,
      redirect: "manual",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new GatewayError(`no answer from ${url}`, { cause: error, isOutage: true });
    });
    const json: unknown = await reply.json().catch(() => undefined);
    if (!reply.ok) throw new GatewayError(problemIn(reply.status, json), { isOutage: reply.status >= 500 });
    return asObject(json) ?? {};
  }
}

/** `401 unauthenticated: A valid bearer token is required.`, and each problem of the request on a line of its own. */
function problemIn(status: number, json: unknown): string {
  const [code = "", title = ""] = [textAt(json, "code"), textAt(json, "title")];
  const problems = objectsIn(asObject(json)?.["problems"]);
  const lines = problems.map((problem) => `  ${textAt(problem, "path") ?? "/"} ${textAt(problem, "message") ?? ""}`);
  return [`${status} ${code}${title === "" ? "" : `: ${title}`}`.trim(), ...lines].map(plain).join("\n");
}
