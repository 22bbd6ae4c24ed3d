import { generateKeyPairSync } from "node:crypto";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { createMailSender, type MailOptions, type SendMail } from "../../../shared/adapters/alerts/email";
import { openOutboundSocket } from "../../../shared/adapters/outbound/outbound-socket";
import { draftMessage } from "../../../shared/core/alert-message";
import type { AlertNote } from "../../../shared/core/alert";
import { AlertNotTaken } from "../../../shared/core/alert-sender";
import { noon } from "../../support/make";
import { MailServer, type MailServerOptions } from "../../support/mail-server";
import { selfSignedCertificate } from "../../support/self-signed-certificate";

const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
const cert = selfSignedCertificate(keys, "127.0.0.1");
const key = keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const usual = getCACertificates();

let server: MailServer;
afterEach(async () => {
  setDefaultCACertificates(usual);
  await server.stop();
});

async function open(setUp: MailServerOptions = {}, options: Partial<MailOptions> = {}): Promise<SendMail> {
  server = await MailServer.start(setUp);
  const policy = { hosts: [], allowLoopback: true };
  return createMailSender({
    server: {
      host: "127.0.0.1",
      port: server.port,
      isSecure: false,
      user: "castiel",
      password: "hunter2",
      from: "Castiel <alerts@example.com>",
    },
    connect: (host, port) => openOutboundSocket(policy, { host, port, timeoutMs: 1000 }),
    timeoutMs: 1000,
    allowsPlainText: false,
    ...options,
  });
}

const note: AlertNote = {
  key: "alert-1-1",
  change: "opened",
  at: "2026-11-24T12:00:00.000Z",
  since: "2026-11-24T11:55:00.000Z",
  condition: "silent",
  subject: { kind: "webhook", id: "webhook-1", integrationId: "github" },
  severity: "warning",
  cause: "Silent for 9 h.",
  nextStep: "Look there.",
};
const { message } = draftMessage([note], { publicBaseUrl: "https://hooks.example.com", now: noon });
const to = ["ops@example.com", "on-call@example.org"];

async function reasonOf(attempt: Promise<void>): Promise<string> {
  const outcome: unknown = await attempt.then(
    () => "resolved",
    (error: unknown) => error,
  );
  return outcome instanceof AlertNotTaken ? outcome.reason : String(outcome);
}

describe("an alert by mail", () => {
  it("is sent once to all, over STARTTLS, by the operator's sender, with an id that stays the same", async () => {
    setDefaultCACertificates([...usual, cert]);
    const send = await open({ key, cert });
    await send(to, message);
    await send(to, message);
    expect(server.logins).toEqual(["castiel:hunter2", "castiel:hunter2"]);
    expect(server.mails).toHaveLength(2);
    expect(server.mails[0]).toMatchObject({ from: "alerts@example.com", to, wasEncrypted: true });
    const data = server.mails[0]?.data ?? "";
    expect(data).toContain("Subject: Warning: Webhook is silent (webhook-1)");
    expect(data).toContain(`Message-ID: <${message.id}@example.com>`);
    expect(data).toContain("Auto-Submitted: auto-generated");
    for (const part of ["Silent for 9 h.", "Look there.", "docs/operations.md#alert-silent"])
      expect(data).toContain(part);
  });

  it("is not sent to a server whose certificate nobody vouches for", async () => {
    const send = await open({ key, cert });
    expect(await reasonOf(send(to, message))).toMatch(/^smtp_/);
    expect([server.mails, server.logins]).toEqual([[], []]);
  });

  it("is not sent to a server that does not encrypt, and neither is the password", async () => {
    const send = await open();
    expect(await reasonOf(send(to, message))).toBe("smtp_502");
    expect([server.mails, server.logins]).toEqual([[], []]);
  });

  it.each([
    ["RCPT", "550 no such user ops@example.com", "smtp_550"],
    ["AUTH", "535 5.7.8 bad credentials", "smtp_535"],
    ["MAIL", "451 later", "smtp_451"],
  ])("that is refused at %s is not taken; the reason is the code alone", async (verb, answer, reason) => {
    const send = await open({ answers: { [verb]: answer } }, { allowsPlainText: true });
    expect(await reasonOf(send(to, message))).toBe(reason);
  });

  it("is given up when the server takes too long, or is not there", async () => {
    const slow = await open({ answers: { EHLO: "" } }, { allowsPlainText: true, timeoutMs: 200 });
    expect(await reasonOf(slow(to, message))).toBe("timeout");
    await server.stop();
    expect(await reasonOf(slow(to, message))).toBe("unreachable");
    server = await MailServer.start();
  });

  it("goes to no address that calls must not go to", async () => {
    const policy = { hosts: [], allowLoopback: false };
    const connect = (host: string, port: number) => openOutboundSocket(policy, { host, port, timeoutMs: 1000 });
    const send = await open({}, { connect, allowsPlainText: true });
    expect(await reasonOf(send(to, message))).toBe("address_not_allowed");
    const named = createMailSender({
      server: { host: "localhost", port: server.port, isSecure: false, from: "alerts@example.com" },
      connect,
      timeoutMs: 1000,
      allowsPlainText: true,
    });
    expect(await reasonOf(named(to, message))).toBe("address_not_allowed");
  });
});
