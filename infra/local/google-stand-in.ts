import { createPublicKey } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { googleKey } from "./samples/google";
import type { GoogleKey } from "./samples/sample";

/** Serves the certificate of a key on the loopback address, in the place of Google's (`GOOGLE_CERTIFICATES_URL`). */
export class GoogleStandIn {
  readonly key: GoogleKey;
  readonly #server: Server;

  constructor(key: GoogleKey = googleKey()) {
    this.key = key;
    const pem = createPublicKey(key.privateKey).export({ type: "spki", format: "pem" });
    this.#server = createServer((_, response) => {
      response
        .writeHead(200, { "content-type": "application/json", "cache-control": "max-age=3600" })
        .end(JSON.stringify({ [key.keyId]: pem }));
    });
  }

  /** Resolves with the URL of the certificates; port 0 takes a free one. Rejects where the port is taken. */
  async start(port = 0): Promise<string> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}/certs`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
  }
}
