import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** A request as a stand-in received it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** The bearer token. */
  readonly token: string | undefined;
}

/** What a stand-in answers. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as HTML. */
  readonly html?: string;
  /** `nothing`: the request is left waiting; `hang_up`: the connection is cut. */
  readonly instead?: "nothing" | "hang_up";
}

/** Answers requests of a vendor's API. */
export type Responder = (request: Received) => Answer;

/** A vendor's API on 127.0.0.1: records what it is asked and can be told to answer otherwise. */
export class StandIn {
  readonly #server: Server;
  readonly requests: Received[] = [];
  #interruptions: Answer[] = [];
  #failing: { readonly matches: (request: Received) => boolean; readonly answer: Answer } | undefined;
  #held: { readonly matches: (request: Received) => boolean; readonly until: Promise<void> } | undefined;

  private constructor(respond: Responder) {
    this.#server = createServer((request, response) => {
      void readRequest(request).then(async (received) => {
        this.requests.push(received);
        const answer = this.#interruptions.shift() ?? this.#failure(received) ?? respond(received);
        if (this.#held?.matches(received)) await this.#held.until;
        send(response, answer);
      });
    });
  }

  static async start(respond: Responder): Promise<StandIn> {
    const standIn = new StandIn(respond);
    standIn.#server.listen(0, "127.0.0.1");
    await once(standIn.#server, "listening");
    return standIn;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`;
  }

  /** `GET /path` of each request so far, without queries. */
  get calls(): readonly string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  /** Answers the next requests so, one each. */
  interrupt(...answers: readonly Answer[]): void {
    this.#interruptions.push(...answers);
  }

  /** From here on nothing is answered otherwise than it should be. */
  recover(): void {
    this.#interruptions = [];
    this.#failing = undefined;
  }

  /** Answers such requests so, until the function that comes back is called. */
  failing(matches: (request: Received) => boolean, answer: Answer): () => void {
    this.#failing = { matches, answer };
    return () => (this.#failing = undefined);
  }

  #failure(request: Received): Answer | undefined {
    return this.#failing?.matches(request) === true ? this.#failing.answer : undefined;
  }

  /** Lets answers to such requests wait (they are made already) until the function that comes back is called. */
  hold(matches: (request: Received) => boolean): () => void {
    let release: () => void = () => undefined;
    this.#held = { matches, until: new Promise((resolve) => (release = resolve)) };
    return () => {
      this.#held = undefined;
      release();
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

async function readRequest(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://stand-in");
  const headers = Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values]) => [name, values?.join(", ")]),
  );
  return {
    method: request.method ?? "",
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers,
    body: Buffer.concat(chunks).toString("utf8"),
    token: /^Bearer (.+)$/.exec(headers["authorization"] ?? "")?.[1],
  };
}

function send(response: ServerResponse, { status = 200, headers, json, html, instead }: Answer): void {
  if (instead === "nothing") return;
  if (instead === "hang_up") {
    response.destroy();
    return;
  }
  const type = json !== undefined ? "application/json; charset=utf-8" : html !== undefined ? "text/html" : undefined;
  response.writeHead(status, { ...(type === undefined ? {} : { "content-type": type }), ...headers });
  response.end(json === undefined ? html : JSON.stringify(json));
}

/** Access tokens of a vendor: which are good, and refresh tokens that are good once. */
export class Tokens {
  readonly #good = new Set<string>();
  #refreshToken: string;
  #count = 1;

  constructor() {
    this.#refreshToken = "refresh-1-hunter2";
    this.#good.add(this.accessToken);
  }

  /** The one that was handed out last. */
  get accessToken(): string {
    return `access-${this.#count}-hunter2`;
  }

  get refreshToken(): string {
    return this.#refreshToken;
  }

  isGood(token: string | undefined): boolean {
    return token !== undefined && this.#good.has(token);
  }

  /** No token that was handed out so far is good any more. */
  expire(): void {
    this.#good.clear();
  }

  /** Nor is the refresh token: the owner took the app's access away. */
  revoke(): void {
    this.expire();
    this.#refreshToken = "revoked";
  }

  /** A new access token. */
  grant(): string {
    this.#count++;
    this.#good.add(this.accessToken);
    return this.accessToken;
  }

  /** A new access token and a new refresh token for the present one, which is spent with it; else `undefined`. */
  rotate(refreshToken: string | null | undefined): { access_token: string; refresh_token: string } | undefined {
    if (refreshToken !== this.#refreshToken) return undefined;
    const access_token = this.grant();
    this.#refreshToken = `refresh-${this.#count}-hunter2`;
    return { access_token, refresh_token: this.#refreshToken };
  }
}
