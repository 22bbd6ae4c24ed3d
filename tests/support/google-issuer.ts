import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { selfSignedCertificate } from "./self-signed-certificate";

/** What a token says. Times in milliseconds; it is valid for an hour from `now`. */
export interface TokenContent {
  readonly audience: string;
  readonly serviceAccountEmail: string;
  readonly now: number;
  /** Claims to add or, with `undefined`, to leave out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Fields of the header to add or, with `undefined`, to leave out. */
  readonly header?: Readonly<Record<string, unknown>>;
}

interface SigningKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly certificate: string;
}

const MAX_AGE_SECONDS = 3600;

/**
 * Stands in for Google's token service: mints RS256 OpenID tokens and serves the certificates at `certificatesUrl`, on
 * 127.0.0.1 and with `Cache-Control`, as `https://www.googleapis.com/oauth2/v1/certs` does.
 */
export class GoogleIssuer {
  readonly #server: Server;
  readonly #keys: SigningKey[] = [];
  #respond: ((response: ServerResponse) => void) | undefined;
  #fetches = 0;

  private constructor() {
    this.rotate();
    this.#server = createServer((_, response) => {
      this.#fetches += 1;
      if (this.#respond) this.#respond(response);
      else this.#sendCertificates(response);
    });
  }

  /** An issuer with one key, listening on a free port. */
  static async start(): Promise<GoogleIssuer> {
    const issuer = new GoogleIssuer();
    issuer.#server.listen(0, "127.0.0.1");
    await once(issuer.#server, "listening");
    return issuer;
  }

  get certificatesUrl(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The issuer is not listening.");
    return `http://127.0.0.1:${address.port}/oauth2/v1/certs`;
  }

  /** How often the certificates were asked for. */
  get fetches(): number {
    return this.#fetches;
  }

  /** The certificates by key id, as they are served. */
  get certificates(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#keys.map(({ keyId, certificate }) => [keyId, certificate]));
  }

  /** The key that signs now. */
  get signingKey(): SigningKey {
    const key = this.#keys.at(-1);
    if (key === undefined) throw new Error("The issuer has no key.");
    return key;
  }

  /** A new key signs from now on; the older certificates are served as well. */
  rotate(): void {
    const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const keyId = `key-${this.#keys.length + 1}`;
    this.#keys.push({ keyId, privateKey: keys.privateKey, certificate: selfSignedCertificate(keys) });
  }

  /** Answers in its own way from now on (an outage, say); without an argument, as it should again. */
  respondWith(respond?: (response: ServerResponse) => void): void {
    this.#respond = respond;
  }

  /** A token like those of Pub/Sub push requests ("Authenticate push subscriptions", JWT format). */
  mint({ audience, serviceAccountEmail, now, claims, header }: TokenContent): string {
    const { keyId, privateKey } = this.signingKey;
    const issuedAt = Math.floor(now / 1000);
    const subject = { sub: "113774264463038321964", azp: "113774264463038321964" };
    const identity = { aud: audience, email: serviceAccountEmail, email_verified: true, ...subject };
    const times = { iat: issuedAt, exp: issuedAt + 3600 };
    const signed = [
      { alg: "RS256", kid: keyId, typ: "JWT", ...header },
      { iss: "https://accounts.google.com", ...identity, ...times, ...claims },
    ].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
    const signature = createSign("RSA-SHA256").update(signed.join(".")).sign(privateKey, "base64url");
    return [...signed, signature].join(".");
  }

  /** Stops listening and ends open connections. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #sendCertificates(response: ServerResponse): void {
    response.writeHead(200, {
      "Content-Type": "application/json; charset=UTF-8",
      "Cache-Control": `public, max-age=${MAX_AGE_SECONDS}, must-revalidate, no-transform`,
    });
    response.end(JSON.stringify(this.certificates));
  }
}
