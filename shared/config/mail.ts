import type { Values } from "./settings";

/** The operator's sender of mail, and to whom it may write. */
export interface MailConfig {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; else STARTTLS is demanded. */
  readonly isSecure: boolean;
  readonly user?: string;
  /** Never to be logged. */
  readonly password?: string;
  readonly from: string;
  /** In lower case; `*.example.com` stands for any subdomain. */
  readonly domains: readonly string[];
}

const SECURE_PORT = 465;
const SUBMISSION_PORT = 587;

/** Reads the settings of mail; `undefined` without any. What is wrong is added to `problems`, which repeat no value. */
export function readMail(values: Values, problems: string[]): MailConfig | undefined {
  const [address, from, domains] = [values["SMTP_URL"], values["SMTP_FROM"], values["ALERT_EMAIL_DOMAINS"]];
  const named = [address, from, domains].filter((value) => value !== undefined);
  if (named.length === 0) return undefined;
  if (address === undefined || from === undefined || domains === undefined) {
    problems.push("SMTP_URL, SMTP_FROM and ALERT_EMAIL_DOMAINS must be set together");
    return undefined;
  }
  const url = URL.canParse(String(address)) ? new URL(String(address)) : undefined;
  if (url === undefined || !/^smtps?:$/.test(url.protocol) || url.hostname === "" || url.pathname.length > 1) {
    problems.push("SMTP_URL must be smtps://user:password@host:port, or smtp:// for STARTTLS");
    return undefined;
  }
  const isSecure = url.protocol === "smtps:";
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port) || (isSecure ? SECURE_PORT : SUBMISSION_PORT),
    isSecure,
    ...(url.username === "" ? {} : { user: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
    from: String(from),
    domains: String(domains)
      .split(",")
      .map((entry) => entry.trim()),
  };
}
