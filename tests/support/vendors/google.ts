import { verify, type KeyObject } from "node:crypto";
import { GoogleCollections } from "./google-collections";
import { failed, GoogleHooks } from "./google-hooks";
import { writeToGoogle } from "./google-writes";
import { type Answer, type Received, StandIn, Tokens } from "./stand-in";

interface DriveFile {
  readonly id: string;
  readonly modifiedTime: string;
  readonly trashed: boolean;
}

/**
 * Google's APIs under `/{service}`: records by path, 404 for what is not there or not to be seen, Drive's list, and the
 * token endpoint with refresh tokens that stay ("Using OAuth 2.0 for Web Server Applications") and with the assertions of
 * service accounts; and what makes Google deliver.
 */
export class GoogleStandIn {
  readonly tokens = new Tokens();
  readonly server: StandIn;
  /** By `/service/path`; `undefined` for one that answers 410. */
  readonly records = new Map<string, object | undefined>();
  /** What changed within a mailbox, a calendar, and among the files. */
  readonly collections = new GoogleCollections(this.records);
  /** What makes Google deliver. */
  readonly hooks = new GoogleHooks(() => this.now);
  /** The service account's public key. */
  accountKey: KeyObject | undefined;
  /** Its clock, in milliseconds. */
  now = 0;

  private constructor(server: StandIn) {
    this.server = server;
  }

  static async start(): Promise<GoogleStandIn> {
    const standIn: GoogleStandIn = new GoogleStandIn(await StandIn.start((request) => standIn.#respond(request)));
    return standIn;
  }

  addFile(id: string, modifiedTime: string, fields: object = {}): void {
    this.records.set(`/www/drive/v3/files/${id}`, { id, modifiedTime, trashed: false, ...fields });
  }

  #respond(request: Received): Answer {
    const { path, token } = request;
    if (path === "/token") return this.#token(request);
    if (!this.tokens.isGood(token)) return failed(401, "authError", "UNAUTHENTICATED");
    const hooks = this.hooks.respond(request);
    if (hooks) return hooks;
    const changes = this.collections.respond(request);
    if (changes) return changes;
    const written = writeToGoogle(this.records, request);
    if (written) return written;
    if (path === "/www/drive/v3/files") return this.#listFiles(request.query);
    if (!this.records.has(path)) return failed(404, "notFound", "NOT_FOUND");
    const record = this.records.get(path);
    return record ? { json: record } : failed(410, "deleted", "NOT_FOUND");
  }

  #token({ body }: Received): Answer {
    const fields = new URLSearchParams(body);
    const granted = { expires_in: 3599, token_type: "Bearer", scope: "https://www.googleapis.com/auth/drive" };
    const isAccount = fields.get("grant_type") === "urn:ietf:params:oauth:grant-type:jwt-bearer";
    const isGranted = isAccount
      ? this.#isAssertion(fields.get("assertion") ?? "")
      : fields.get("refresh_token") === this.tokens.refreshToken && fields.get("client_secret") === "client-hunter2";
    if (isGranted) return { json: { ...granted, access_token: this.tokens.grant() } };
    return { status: 400, json: { error: "invalid_grant", error_description: "Token has been expired or revoked." } };
  }

  #isAssertion(assertion: string): boolean {
    const [head = "", claims = "", signature = ""] = assertion.split(".");
    const {
      iss,
      sub,
      scope,
      aud,
      iat = 0,
      exp = 0,
    } = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, string> & {
      iat?: number;
      exp?: number;
    };
    const isSigned =
      this.accountKey !== undefined &&
      verify("sha256", Buffer.from(`${head}.${claims}`), this.accountKey, Buffer.from(signature, "base64url"));
    const isTimely = iat * 1000 <= this.now && exp * 1000 > this.now && exp - iat <= 3600;
    const isNamed = iss === "robot@acme.example" && sub === "ada@acme.example" && scope === "scope-a scope-b";
    return isSigned && isTimely && isNamed && aud === `${this.server.url}/token`;
  }

  /** Only by the query that we make. A page goes on behind the last file of the one before. */
  #listFiles({ q = "", orderBy, pageSize, pageToken = "" }: Received["query"]): Answer {
    const since = /^modifiedTime >= '([^']+)'$/.exec(q)?.[1];
    if (since === undefined || orderBy !== "modifiedTime") return failed(400, "invalid", "INVALID_ARGUMENT");
    const placeOf = ({ modifiedTime, id }: DriveFile): string => `${modifiedTime} ${id}`;
    const files = [...this.records]
      .flatMap(([path, record]) => (path.startsWith("/www/drive/v3/files/") && record ? [record as DriveFile] : []))
      .filter((file) => file.modifiedTime >= since && placeOf(file) > pageToken)
      .sort((a, b) => placeOf(a).localeCompare(placeOf(b)));
    const page = files.slice(0, Math.min(this.collections.pageSize, Number(pageSize)));
    const last = page.length < files.length ? page.at(-1) : undefined;
    return { json: { files: page, ...(last && { nextPageToken: placeOf(last) }) } };
  }
}
