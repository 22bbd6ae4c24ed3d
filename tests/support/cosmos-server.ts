import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { CosmosAccount } from "./cosmos-account";

/** A key and its certificate, in PEM, for a server that speaks TLS: the SDK sends an identity's token over nothing else. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

/** An answer that does not come from the account. */
export interface CannedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** What is known of a request that came in. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** The header that names the partition: a JSON array. */
  readonly partitionKey: string | undefined;
}

/** Any key will do: the stand-in checks none. */
const KEY = Buffer.from("the key of the stand-in").toString("base64");

/**
 * Stands in for a Cosmos DB account, on the loopback address, in memory. It can be slow, refuse, go away and come back
 * with all its documents, and move its clock. Databases are made by {@link createCosmosDatabase}.
 */
export class CosmosServer {
  readonly #certificate: ServerCertificate | undefined;
  readonly #port: number;
  readonly #account: CosmosAccount;
  readonly #seen: SeenRequest[] = [];
  #server: Server;
  #canned: CannedAnswer[] = [];
  #delayMs = 0;
  #skippedMs = 0;

  private constructor(server: Server, certificate: ServerCertificate | undefined) {
    // Of a server that listens on a port, the address is one of these.
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#certificate = certificate;
    this.#account = new CosmosAccount(this.#port, () => this.now());
    this.#serve();
  }

  /** An empty account on a free port. */
  static async start(certificate?: ServerCertificate): Promise<CosmosServer> {
    return new CosmosServer(await listen(0, certificate), certificate);
  }

  /** With a certificate it goes by the name that this must be made out to, `localhost`. */
  get endpoint(): string {
    return this.#certificate ? `https://localhost:${this.#port}` : `http://127.0.0.1:${this.#port}`;
  }

  get connectionString(): string {
    return `AccountEndpoint=${this.endpoint}/;AccountKey=${KEY};`;
  }

  /** The requests so far, in their order. */
  get seen(): readonly SeenRequest[] {
    return this.#seen;
  }

  /** The account's time, in milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#skippedMs;
  }

  /** Moves the account's clock on, and so its documents towards their end. */
  passTime(ms: number): void {
    this.#skippedMs += ms;
  }

  /** Gives these answers to the next requests, one each. A query is two requests: the SDK asks for a plan as well. */
  answerNext(...answers: readonly CannedAnswer[]): void {
    this.#canned.push(...answers);
  }

  /** Refuses the next requests, as many as are named, for having come too fast. */
  throttle(requests: number, retryAfterMs: number): void {
    const headers = { "x-ms-substatus": "3200", "x-ms-retry-after-ms": String(retryAfterMs) };
    this.answerNext(...Array.from({ length: requests }, () => ({ status: 429, headers })));
  }

  /** Lets every request wait from now on. */
  slowDown(ms: number): void {
    this.#delayMs = ms;
  }

  /** Is itself again: neither slow nor giving any other answers. */
  recover(): void {
    this.#canned = [];
    this.#delayMs = 0;
  }

  /** Goes away: the port is closed and connections are cut. The documents stay. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Comes back on the same port. */
  async restart(): Promise<void> {
    if (this.#server.listening) return;
    this.#server = await listen(this.#port, this.#certificate);
    this.#serve();
  }

  #serve(): void {
    this.#server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(JSON.stringify({ code: "500", message: String(error) }));
      });
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    const partitionKey = headers["x-ms-documentdb-partitionkey"]?.toString();
    this.#seen.push({ method, path: decodeURI(url), authorization: headers.authorization, partitionKey });
    if (this.#delayMs > 0) await sleep(this.#delayMs, undefined, { ref: false });
    const canned = this.#canned.shift();
    if (canned) send(response, canned);
    else await this.#account.answer(request, response);
  }
}

async function listen(port: number, certificate: ServerCertificate | undefined): Promise<Server> {
  const server = certificate ? createTlsServer(certificate) : createServer();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function send(response: ServerResponse, { status, headers, body }: CannedAnswer): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body ?? { code: String(status), message: `answered ${status}` }));
}
