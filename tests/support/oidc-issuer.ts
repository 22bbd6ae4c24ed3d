import { createHmac, createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";

interface SigningKey {
  readonly keyId: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** How a token is to be signed. */
export interface SigningOptions {
  readonly algorithm?: "RS256" | "none" | "HS256";
  /** The key id to claim; by default that of the newest key. */
  readonly keyId?: string;
  /** Sign with a key that the issuer does not publish. */
  readonly foreignKey?: boolean;
}

/** An OpenID Connect issuer on 127.0.0.1: publishes its keys, counts who asks, and signs tokens by node:crypto alone. */
export class OidcIssuer {
  readonly #server: Server;
  #keys: SigningKey[] = [];
  #fetches = 0;
  #down = false;

  private constructor() {
    this.rotate();
    this.#server = createServer((_, response) => {
      this.#fetches++;
      if (this.#down) response.writeHead(500).end();
      else response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: this.#keys.map(toJwk) }));
    });
  }

  static async start(): Promise<OidcIssuer> {
    const issuer = new OidcIssuer();
    issuer.#server.listen(0, "127.0.0.1");
    await once(issuer.#server, "listening");
    return issuer;
  }

  get jwksUrl(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}/keys`;
  }

  /** How often the keys were asked for. */
  get fetches(): number {
    return this.#fetches;
  }

  /** Adds a key, with which tokens are signed from now on. */
  rotate(): void {
    this.#keys = [
      ...this.#keys,
      { keyId: `key-${this.#keys.length}`, ...generateKeyPairSync("rsa", { modulusLength: 2048 }) },
    ];
  }

  breakDown(): void {
    this.#down = true;
  }

  sign(claims: object, { algorithm = "RS256", keyId, foreignKey = false }: SigningOptions = {}): string {
    const key = this.#keys.at(-1);
    if (!key) throw new Error("the issuer has no key");
    const head = { alg: algorithm, typ: "JWT", kid: keyId ?? key.keyId };
    const text = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    if (algorithm === "none") return `${text}.`;
    if (algorithm === "HS256") {
      const pem = key.publicKey.export({ type: "spki", format: "pem" });
      return `${text}.${createHmac("sha256", pem).update(text).digest("base64url")}`;
    }
    const privateKey = foreignKey ? generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey : key.privateKey;
    return `${text}.${createSign("sha256").update(text).sign(privateKey, "base64url")}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

function toJwk({ keyId, publicKey }: SigningKey): object {
  return { ...publicKey.export({ format: "jwk" }), kid: keyId, alg: "RS256", use: "sig" };
}
