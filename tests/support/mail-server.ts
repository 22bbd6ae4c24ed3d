import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";

/** How the server is set up. */
export interface MailServerOptions {
  /** With both it offers STARTTLS. */
  readonly key?: string;
  readonly cert?: string;
  /** Answers to these commands, in place of what they would be answered. */
  readonly answers?: Readonly<Record<string, string>>;
}

/** A mail as it was taken. */
export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and text. */
  readonly data: string;
  readonly wasEncrypted: boolean;
}

/** A mail server on 127.0.0.1, as far as RFC 5321, 3207 (STARTTLS) and 4954 (AUTH PLAIN) say what one does. */
export class MailServer {
  readonly mails: Mail[] = [];
  /** `user:password` of each that signed in. */
  readonly logins: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: MailServerOptions) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.write("220 mail.example.com ESMTP\r\n");
      new Dialogue(socket, this, options);
    });
  }

  static async start(options: MailServerOptions = {}): Promise<MailServer> {
    const server = new MailServer(options);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** One connection; after STARTTLS another dialogue begins on it. */
class Dialogue {
  readonly #socket: Socket;
  readonly #server: MailServer;
  readonly #options: MailServerOptions;
  readonly #read = (chunk: Buffer): void => this.#take(chunk);
  #envelope = { from: "", to: [] as string[] };
  #waiting = "";
  #isData = false;

  constructor(socket: Socket, server: MailServer, options: MailServerOptions) {
    this.#socket = socket;
    this.#server = server;
    this.#options = options;
    socket.on("data", this.#read);
    socket.on("error", () => undefined);
  }

  #take(chunk: Buffer): void {
    this.#waiting += chunk.toString("utf8");
    for (;;) {
      const end = this.#isData ? "\r\n.\r\n" : "\r\n";
      const at = this.#waiting.indexOf(end);
      if (at === -1) return;
      const text = this.#waiting.slice(0, at);
      this.#waiting = this.#waiting.slice(at + end.length);
      if (this.#isData) this.#takeMail(text);
      else if (text === "STARTTLS" && this.#options.key !== undefined) {
        this.#encrypt();
        return;
      } else this.#socket.write(`${this.#answer(text)}\r\n`);
    }
  }

  #takeMail(data: string): void {
    this.#isData = false;
    this.#server.mails.push({ ...this.#envelope, data, wasEncrypted: this.#socket instanceof TLSSocket });
    this.#socket.write("250 taken\r\n");
  }

  #encrypt(): void {
    this.#socket.off("data", this.#read);
    this.#socket.write("220 go ahead\r\n");
    const { key = "", cert = "" } = this.#options;
    const secureContext = createSecureContext({ key, cert });
    new Dialogue(new TLSSocket(this.#socket, { isServer: true, secureContext }), this.#server, this.#options);
  }

  #answer(line: string): string {
    const [verb = ""] = line.toUpperCase().split(/[ :]/, 1);
    const instead = this.#options.answers?.[verb];
    if (instead !== undefined) return instead;
    const address = /<([^>]*)>/.exec(line)?.[1] ?? "";
    switch (verb) {
      case "EHLO": {
        const offersTls = this.#options.key !== undefined && !(this.#socket instanceof TLSSocket);
        return ["250-mail.example.com", ...(offersTls ? ["250-STARTTLS"] : []), "250 AUTH PLAIN"].join("\r\n");
      }
      case "AUTH": {
        const plain = Buffer.from(line.split(" ")[2] ?? "", "base64").toString("utf8");
        this.#server.logins.push(plain.split("\0").slice(1).join(":"));
        return "235 2.7.0 ok";
      }
      case "MAIL":
        this.#envelope = { from: address, to: [] };
        return "250 ok";
      case "RCPT":
        this.#envelope.to.push(address);
        return "250 ok";
      case "DATA":
        this.#isData = true;
        return "354 go ahead";
      default:
        return verb === "QUIT" ? "221 bye" : "502 unknown";
    }
  }
}
