import type { Socket } from "node:net";
import { createTransport } from "nodemailer";
import { type AlertMessage, headlineOf, linesOf, statusWord } from "../../core/alert-message";
import { AlertNotTaken } from "../../core/alert-sender";
import { textAt } from "../../core/json";
import { OutboundError } from "../../core/outbound";

/** The mail server that an operator named. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; else STARTTLS is demanded. */
  readonly isSecure: boolean;
  readonly user?: string;
  readonly password?: string;
  /** The sender's address. */
  readonly from: string;
}

/** What the sender of mail works with. */
export interface MailOptions {
  readonly server: MailServer;
  /** Connects within the rules for calls that go out. */
  readonly connect: (host: string, port: number) => Promise<Socket>;
  readonly timeoutMs: number;
  /** Nobody can listen between this process and itself: for tests. */
  readonly allowsPlainText: boolean;
}

/** Mails a message. @throws {AlertNotTaken} */
export type SendMail = (to: readonly string[], message: AlertMessage) => Promise<void>;

/** Sends mail over SMTP (RFC 5321), encrypted always; a server without STARTTLS is sent nothing. */
export function createMailSender({ server, connect, timeoutMs, allowsPlainText }: MailOptions): SendMail {
  const { host, port, isSecure, user, password } = server;
  const transport = createTransport({
    host,
    port,
    secure: isSecure,
    requireTLS: !isSecure && !allowsPlainText,
    ignoreTLS: allowsPlainText,
    ...(user === undefined ? {} : { auth: { user, pass: password } }),
    getSocket: (_, callback) => {
      connect(host, port).then((connection) => callback(null, { connection }), callback);
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async (to, message) => {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      await transport.sendMail({ ...toMail(server, to, message), signal });
    } catch (error) {
      throw new AlertNotTaken(signal.aborted ? "timeout" : reasonOf(error), undefined, error);
    }
  };
}

/** The id is the same when it is sent again, and nothing answers it by itself (RFC 3834). */
function toMail({ from }: MailServer, to: readonly string[], message: AlertMessage): object {
  const domain = from.slice(from.lastIndexOf("@") + 1).replace(/>$/, "");
  return {
    from,
    to: [...to],
    subject: headlineOf(message),
    text: textOf(message),
    messageId: `<${message.id}@${domain}>`,
    date: new Date(message.sentAt),
    headers: { "Auto-Submitted": "auto-generated" },
  };
}

function textOf({ entries }: AlertMessage): string {
  return entries
    .map((entry) =>
      [
        `${statusWord(entry)}: ${entry.title}`,
        ...linesOf(entry),
        `Dashboard: ${entry.dashboardUrl}`,
        `Runbook: ${entry.runbook}`,
      ].join("\n"),
    )
    .join("\n\n");
}

/** A code: the texts of mail servers hold addresses. */
function reasonOf(error: unknown): string {
  if (error instanceof OutboundError) return error.code;
  const code = textAt(error, "responseCode") ?? textAt(error, "code") ?? "failed";
  return `smtp_${code.toLowerCase()}`;
}
