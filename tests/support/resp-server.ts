import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

const CRLF = "\r\n";

/**
 * Speaks as much of Redis' protocol (RESP 2) as a client needs to connect, GET and SET, over a map: for what is ours on
 * machines without a redis-server. Expiry and conditions are Redis' own affair and are proved on the real one.
 */
export class RespServer {
  readonly #server: Server;
  readonly #stored: Map<string, string>;
  readonly #sockets = new Set<Socket>();

  private constructor(stored: Map<string, string>) {
    this.#stored = stored;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("data", (bytes) => {
        for (const command of commandsIn(bytes.toString("utf8"))) socket.write(this.#answer(command));
      });
    });
  }

  /** Listens on a free port. */
  static async start(stored: Map<string, string>): Promise<RespServer> {
    const server = new RespServer(stored);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get url(): string {
    const address = this.#server.address();
    return `redis://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #answer([verb = "", name = "", value = ""]: readonly string[]): string {
    switch (verb.toUpperCase()) {
      case "GET": {
        const text = this.#stored.get(name);
        return text === undefined ? `$-1${CRLF}` : `$${Buffer.byteLength(text)}${CRLF}${text}${CRLF}`;
      }
      case "SET":
        this.#stored.set(name, value);
        return `+OK${CRLF}`;
      case "PING":
        return `+PONG${CRLF}`;
      default:
        return `+OK${CRLF}`;
    }
  }
}

/** The commands of one read, each an array of bulk strings; small commands arrive whole on the loopback address. */
function commandsIn(text: string): readonly (readonly string[])[] {
  const commands: string[][] = [];
  const lines = text.split(CRLF);
  for (let at = 0; (lines[at] ?? "").startsWith("*");) {
    const count = Number((lines[at] ?? "").slice(1));
    commands.push(Array.from({ length: count }, (_, n) => lines[at + 2 + 2 * n] ?? ""));
    at += 1 + 2 * count;
  }
  return commands;
}
