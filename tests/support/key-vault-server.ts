import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { parseJson } from "../../shared/core/delivery-request";
import { KeyVaultSecrets, vaultFailure, type VaultReply } from "./key-vault-secrets";
import { selfSignedCertificate } from "./self-signed-certificate";

interface VaultRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** What the vault says instead of doing what it was asked. */
interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly innerCode?: string;
  readonly retryAfterSeconds?: number;
}

const HOST = "127.0.0.1";
const CHALLENGE =
  'Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001", ' +
  'resource="https://vault.azure.net"';

/**
 * Stands in for Azure Key Vault over HTTPS on 127.0.0.1: demands a bearer token (any will do) by the challenge of the real
 * one, and can be down, slow, throttled or forbidden. Node trusts its certificate in the process that starts it; another
 * process does when it starts with `NODE_EXTRA_CA_CERTS` set to `certificateFile()`.
 */
export class KeyVaultServer {
  readonly secrets: KeyVaultSecrets;
  /** The bearer tokens that came. */
  readonly tokens = new Set<string>();
  /** The requests that brought one, in order. */
  readonly requests: VaultRequest[] = [];
  /** Milliseconds that every reply takes. */
  delayMs = 0;
  #server: Server | undefined;
  #port = 0;
  #refusals: Refusal[] = [];

  private constructor(now: () => number) {
    this.secrets = new KeyVaultSecrets(() => this.url, now);
  }

  /** A vault without secrets on a free port. */
  static async start(now: () => number = Date.now): Promise<KeyVaultServer> {
    const vault = new KeyVaultServer(now);
    await vault.start();
    return vault;
  }

  get url(): string {
    return `https://${HOST}:${this.#port}`;
  }

  /** The certificate as a PEM file, for `NODE_EXTRA_CA_CERTS`. */
  certificateFile(): string {
    const file = join(mkdtempSync(join(tmpdir(), "castiel-vault-")), "certificate.pem");
    writeFileSync(file, trustedIdentity().cert);
    return file;
  }

  /** Listens again after `stop`, on the same port and with the same secrets. */
  async start(): Promise<void> {
    const server = createServer(trustedIdentity(), (request, response) => {
      // A client that gives up in the middle of its request fails nothing here.
      this.#respond(request, response).catch(() => response.destroy());
    });
    server.listen(this.#port, HOST);
    await once(server, "listening");
    const address = server.address();
    if (address !== null && typeof address === "object") this.#port = address.port;
    this.#server = server;
  }

  /** Refuses connections and ends those that are open. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }

  /** Refuses the next requests that bring a token. */
  refuse(count: number, refusal: Refusal): void {
    this.#refusals = Array.from({ length: count }, () => refusal);
  }

  /** 429 for the next requests. */
  throttle(count: number, retryAfterSeconds?: number): void {
    const pause = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
    this.refuse(count, { status: 429, code: "Throttled", ...pause });
  }

  /** How many requests with a token came for a path that begins so. */
  count(method: string, path: string): number {
    return this.requests.filter((request) => request.method === method && request.path.startsWith(path)).length;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = parseJson((await buffer(request)).toString("utf8"));
    if (this.delayMs > 0) await wait(this.delayMs, undefined, { ref: false });
    const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "") ?? [];
    if (token === undefined) {
      send(response, vaultFailure(401, "Unauthorized"), { "www-authenticate": CHALLENGE });
      return;
    }
    this.tokens.add(token);
    const { method = "", url = "" } = request;
    const target = new URL(url, this.url);
    const refusal = this.#refusals.shift();
    const reply = refusal
      ? vaultFailure(refusal.status, refusal.code, refusal.innerCode)
      : this.secrets.answer(method, target, body);
    this.requests.push({ method, path: target.pathname, status: reply.status });
    const pause = refusal?.retryAfterSeconds;
    send(response, reply, pause === undefined ? {} : { "retry-after": String(pause) });
  }
}

function send(response: ServerResponse, { status, body }: VaultReply, headers: Record<string, string>): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(body === undefined ? "" : JSON.stringify(body));
}

let identity: { readonly key: string; readonly cert: string } | undefined;

/** One key and certificate for all vaults of a process, made and trusted when the first one starts. */
function trustedIdentity(): { readonly key: string; readonly cert: string } {
  if (identity) return identity;
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const cert = selfSignedCertificate(keys, HOST);
  setDefaultCACertificates([...getCACertificates("default"), cert]);
  const key = keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return (identity = { key, cert });
}
