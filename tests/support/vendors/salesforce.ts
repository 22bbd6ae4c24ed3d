import { verify, type KeyObject } from "node:crypto";
import { type Answer, type Received, StandIn, Tokens } from "./stand-in";

interface Row extends Record<string, unknown> {
  readonly Id: string;
  readonly SystemModstamp: string;
  readonly IsDeleted: boolean;
}

const limits = { "sforce-limit-info": "api-usage=18/15000" };

/**
 * Salesforce's REST API as the "REST API Developer Guide" describes it, for Contacts: sObject rows, `queryAll` of the
 * queries that we make, the list of deleted ones, errors as lists, and the token endpoint with its flows (help.salesforce.com, "OAuth Authorization
 * Flows"), which does not say how long a token lives.
 */
export class SalesforceStandIn {
  readonly tokens = new Tokens();
  readonly server: StandIn;
  readonly rows = new Map<string, Row>();
  /** The delete log: ids with the time of deletion. `undefined`: there is none for Contacts. */
  deletions: Map<string, string> | undefined = new Map();
  /** The connected app's public key. */
  appKey: KeyObject | undefined;
  /** Clock by which a JWT is checked, in milliseconds. */
  now = 0;

  private constructor(server: StandIn) {
    this.server = server;
  }

  static async start(): Promise<SalesforceStandIn> {
    const standIn: SalesforceStandIn = new SalesforceStandIn(
      await StandIn.start((request) => standIn.#respond(request)),
    );
    return standIn;
  }

  add(Id: string, SystemModstamp: string, fields: object = {}): void {
    this.rows.set(Id, { Id, IsDeleted: false, SystemModstamp, ...fields });
  }

  #respond(request: Received): Answer {
    if (request.path === "/services/oauth2/token") return this.#token(request);
    if (!this.tokens.isGood(request.token)) return failed(401, "INVALID_SESSION_ID", "Session expired or invalid");
    const [, name, id] = /^\/services\/data\/v67\.0\/sobjects\/(\w+)(?:\/(\w+))?$/.exec(request.path) ?? [];
    if (request.path === "/services/data/v67.0/queryAll") return this.#query(request.query["q"] ?? "");
    if (request.path === "/services/data/v67.0/sobjects/Contact/deleted/") return this.#deleted(request.query);
    if (name !== "Contact") return failed(404, "NOT_FOUND", "The requested resource does not exist");
    return request.method === "GET" ? this.#read(id ?? "") : this.#write(request, id);
  }

  #token({ body }: Received): Answer {
    const fields = new URLSearchParams(body);
    const isClient = fields.get("client_id") === "client" && fields.get("client_secret") === "client-hunter2";
    const granted = { instance_url: this.server.url, id: `${this.server.url}/id/00D/005`, token_type: "Bearer" };
    switch (fields.get("grant_type")) {
      case "client_credentials":
        if (!isClient) return { status: 401, json: { error: "invalid_client", error_description: "invalid client" } };
        return { json: { ...granted, access_token: this.tokens.grant() } };
      case "urn:ietf:params:oauth:grant-type:jwt-bearer":
        if (!this.#isAssertion(fields.get("assertion") ?? "")) return invalidGrant;
        return { json: { ...granted, access_token: this.tokens.grant() } };
      case "refresh_token": {
        const rotated = isClient ? this.tokens.rotate(fields.get("refresh_token")) : undefined;
        return rotated ? { json: { ...granted, ...rotated } } : invalidGrant;
      }
      default:
        return {
          status: 400,
          json: { error: "unsupported_grant_type", error_description: "grant type not supported" },
        };
    }
  }

  #isAssertion(assertion: string): boolean {
    const [head = "", claims = "", signature = ""] = assertion.split(".");
    const {
      iss,
      sub,
      aud,
      exp = 0,
    } = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, string> & {
      exp?: number;
    };
    const isSigned =
      this.appKey !== undefined &&
      verify("sha256", Buffer.from(`${head}.${claims}`), this.appKey, Buffer.from(signature, "base64url"));
    const seconds = exp - this.now / 1000;
    const isNamed = iss === "client" && sub === "user@acme.example" && aud === "https://login.salesforce.com";
    return isSigned && isNamed && seconds > 0 && seconds <= 180;
  }

  #read(id: string): Answer {
    const row = this.rows.get(id);
    if (!row) return failed(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible");
    if (row.IsDeleted) return failed(404, "ENTITY_IS_DELETED", "entity is deleted");
    const url = `/services/data/v67.0/sobjects/Contact/${id}`;
    return { headers: limits, json: { attributes: { type: "Contact", url }, ...row } };
  }

  /** "sObject Get Deleted": seconds do not count, and the end has to be later than the start. */
  #deleted({ start = "", end = "" }: Received["query"]): Answer {
    const [from, to] = [start, end].map((time) => Math.floor(Date.parse(time) / 60_000) * 60_000);
    if (from === undefined || to === undefined || !(to > from)) return failed(400, "INVALID_REPLICATION_DATE", "…");
    if (this.deletions === undefined) return failed(400, "INVALID_TYPE_FOR_OPERATION", "…");
    const deletedRecords = [...this.deletions]
      .filter(([, time]) => Date.parse(time) >= from && Date.parse(time) < to)
      .map(([id, deletedDate]) => ({ id, deletedDate }));
    return { headers: limits, json: { deletedRecords, earliestDateAvailable: start, latestDateCovered: end } };
  }

  /** The two forms of our query: from a moment on, and from a record on. */
  #query(soql: string): Answer {
    const form =
      /^SELECT FIELDS\(ALL\) FROM Contact WHERE (?:SystemModstamp >= (\S+)|\(SystemModstamp > (\S+) OR \(SystemModstamp = \2 AND Id > '(\w+)'\)\)) ORDER BY SystemModstamp, Id LIMIT 200$/;
    const match = form.exec(soql);
    if (!match) return failed(400, "MALFORMED_QUERY", soql);
    const [, since, after, id = ""] = match;
    const from = Date.parse(since ?? after ?? "");
    const wanted = [...this.rows.values()]
      .filter((row) => {
        const at = Date.parse(row.SystemModstamp);
        return since !== undefined ? at >= from : at > from || (at === from && row.Id > id);
      })
      .sort((a, b) => Date.parse(a.SystemModstamp) - Date.parse(b.SystemModstamp) || (a.Id < b.Id ? -1 : 1))
      .slice(0, 200);
    const records = wanted.map((row) => ({ attributes: { type: "Contact" }, ...row }));
    return { headers: limits, json: { totalSize: records.length, done: true, records } };
  }

  #write({ method, body }: Received, id: string | undefined): Answer {
    if (method === "POST") {
      const fields = JSON.parse(body) as Record<string, unknown>;
      if (fields["LastName"] === undefined) return failed(400, "REQUIRED_FIELD_MISSING", "Required fields are missing");
      this.add("003NEW", "2026-11-24T12:30:00.000+0000", fields);
      return { status: 201, json: { id: "003NEW", success: true, errors: [] } };
    }
    const row = this.rows.get(id ?? "");
    if (!row) return failed(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible");
    if (row.IsDeleted) return failed(404, "ENTITY_IS_DELETED", "entity is deleted");
    const change = method === "DELETE" ? { IsDeleted: true } : (JSON.parse(body) as object);
    this.rows.set(row.Id, { ...row, ...change });
    return { status: 204 };
  }
}

const invalidGrant: Answer = {
  status: 400,
  json: { error: "invalid_grant", error_description: "expired access/refresh token" },
};

function failed(status: number, errorCode: string, message: string): Answer {
  return { status, headers: limits, json: [{ errorCode, message }] };
}
