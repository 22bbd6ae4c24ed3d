import type { EventVersion } from "../../shared/core/version";
import type { ConnectionKey, RecordReference, RecordWrite } from "../../shared/core/record-reader";
import { SyncDelay, SyncFailure } from "../../shared/core/sync-task";
import { requireConnection } from "../../shared/usecases/connection-view";
import { saveConnection } from "../../shared/usecases/save-connection";
import { connect } from "../support/connections";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";
import type { Answer, StandIn, Tokens } from "../support/vendors/stand-in";

/** A vendor's stand-in with something in it. */
export interface ReaderSubject {
  readonly integrationId: string;
  readonly server: StandIn;
  readonly tokens: Tokens;
  /** Settings that point the app at the stand-in. */
  readonly env: Readonly<Record<string, string>>;
  readonly baseUrl?: string;
  /** A record that is there, one of its fields, and its version. */
  readonly present: { readonly reference: RecordReference; readonly field: object; readonly version: EventVersion };
  /** A record that the vendor says was deleted. */
  readonly deleted: RecordReference;
  /** A record of which the vendor only says that it is not to be seen. */
  readonly invisible: RecordReference;
  /** What cannot be read at all. */
  readonly unreadable: readonly RecordReference[];
  /** Answers for limits, each with the milliseconds from now at which calls are taken again. */
  readonly limits: readonly (readonly [what: string, answer: Answer, waitMs: number])[];
  /** Answers that mean "not with these rights". */
  readonly forbidden: readonly Answer[];
  /** Answers that mean "not just now". */
  readonly unavailable: readonly Answer[];
  /** A type with more records than fit a page, since a moment; how many, and whether some are deleted. */
  readonly listed: { readonly entityType: string; readonly since: string; readonly ids: readonly string[] };
  /** Changes that this client makes, and one that the vendor does not take. */
  readonly writes: {
    readonly create: RecordWrite;
    readonly update: RecordWrite;
    readonly delete: RecordWrite;
    readonly refused: RecordWrite;
  };
  stop(): Promise<void>;
}

/** What reading, listing and writing have in common, whoever the vendor is. */
export function describeRecordReader(open: () => Promise<ReaderSubject>): void {
  let subject: ReaderSubject;
  let app: TestApp;
  let key: ConnectionKey;
  beforeEach(async () => {
    subject = await open();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true", ...subject.env });
    key = await connectTo(subject);
  });
  afterEach(async () => {
    await app.close();
    await subject.stop();
  });

  const connectTo = ({ integrationId, baseUrl, tokens }: ReaderSubject): Promise<ConnectionKey> =>
    connect(
      app,
      integrationId,
      {
        kind: "oauth2",
        clientId: "client",
        clientSecret: "client-hunter2",
        refreshToken: tokens.refreshToken,
        accessToken: tokens.accessToken,
      },
      baseUrl === undefined ? {} : { baseUrl },
    );
  const read = () => app.services.records.read(key, subject.present.reference);
  const statusOf = async () => (await requireConnection(app.services, key)).status;
  const found = () => expect.objectContaining({ kind: "found" });

  describe("reading", () => {
    it("finds a record, with a version that events of its type can be compared with", async () => {
      expect(await read()).toMatchObject({
        kind: "found",
        record: subject.present.field,
        version: subject.present.version,
      });
    });

    it("says of a deleted record that it is", async () => {
      expect(await app.services.records.read(key, subject.deleted)).toEqual({ kind: "deleted" });
    });

    it("deletes nothing for which the vendor only says that it is not to be seen", async () => {
      expect(await app.services.records.read(key, subject.invisible)).toEqual({ kind: "unsupported" });
    });

    it("asks the vendor nothing for what cannot be read", async () => {
      for (const reference of subject.unreadable) {
        expect(await app.services.records.read(key, reference)).toEqual({ kind: "unsupported" });
      }
      expect(subject.server.calls).toEqual([]);
    });

    it("asks the vendor nothing without credentials", async () => {
      const other = { ...key, connectionId: "nobody's" };
      expect(await app.services.records.read(other, subject.present.reference)).toEqual({ kind: "no_credentials" });
      await saveConnection(app.services, other, {});
      expect(await app.services.records.read(other, subject.present.reference)).toEqual({ kind: "no_credentials" });
      expect(subject.server.calls).toEqual([]);
    });

    it("is no other tenant's", async () => {
      const tenantId = "tenant-b";
      const theirs = { ...key, tenantId, tenantKey: app.services.tenantKeyOf(tenantId) };
      expect(await app.services.records.read(theirs, subject.present.reference)).toEqual({ kind: "no_credentials" });
      const mixed = { ...key, tenantId };
      expect(await app.services.records.read(mixed, subject.present.reference)).toEqual({ kind: "no_credentials" });
    });
  });

  describe("the access token", () => {
    it("is renewed once when it is refused, and the record is read", async () => {
      subject.tokens.expire();
      expect(await read()).toEqual(found());
      expect(await read()).toEqual(found());
      expect(await statusOf()).toBe("active");
    });

    it("is renewed once for however many that need it at the same time", async () => {
      subject.tokens.expire();
      const outcomes = await Promise.all(Array.from({ length: 10 }, read));
      expect(outcomes).toEqual(Array.from({ length: 10 }, found));
      expect(subject.tokens.accessToken).toBe("access-2-hunter2");
    });

    it("that cannot be renewed means that the connection needs its owner, and the vendor is left alone", async () => {
      subject.tokens.revoke();
      expect(await failureOf(read())).toEqual({ reason: "needs_reauth", permanent: false });
      expect(await statusOf()).toBe("needs_reauth");
      const calls = subject.server.calls.length;
      expect(await failureOf(read())).toEqual({ reason: "needs_reauth", permanent: false });
      expect(subject.server.calls).toHaveLength(calls);
    });

    it("is tried again a quarter of an hour later, in case the vendor takes it again", async () => {
      subject.tokens.revoke();
      await failureOf(read());
      app.advance(15 * 60_000);
      expect(await failureOf(read())).toMatchObject({ reason: "needs_reauth" });
      app.advance(15 * 60_000);
      subject.server.interrupt({ json: {} });
      await failureOf(read());
      expect(await statusOf()).toBe("active");
    });

    it("works again at once when the owner brings new credentials", async () => {
      subject.tokens.revoke();
      await failureOf(read());
      const token = subject.tokens.grant();
      await saveConnection(app.services, key, {
        auth: { kind: "bearer", token },
        ...(subject.baseUrl === undefined ? {} : { baseUrl: subject.baseUrl }),
      });
      expect(await read()).toEqual(found());
    });

    it("that is a plain one is asked for once more of nobody: it is refused", async () => {
      await saveConnection(app.services, key, {
        auth: { kind: "bearer", token: "stale-hunter2" },
        ...(subject.baseUrl === undefined ? {} : { baseUrl: subject.baseUrl }),
      });
      expect(await failureOf(read())).toEqual({ reason: "needs_reauth", permanent: false });
      expect(subject.server.calls).toHaveLength(1);
      expect(await statusOf()).toBe("needs_reauth");
    });
  });

  describe("what comes in between", () => {
    it("a rate limit is waited for, until the time that the vendor names", async () => {
      for (const [what, answer, waitMs] of subject.limits) {
        subject.server.interrupt(answer);
        const outcome: unknown = await read().catch((error: unknown) => error);
        expect(outcome).toBeInstanceOf(SyncDelay);
        const { reason, at } = outcome as SyncDelay;
        expect([what, reason, at - app.services.now()]).toEqual([what, "rate_limited", waitMs]);
      }
      expect(await read()).toEqual(found());
      expect(await statusOf()).toBe("active");
    });

    it("a right that is missing is told, and does not touch the credentials", async () => {
      for (const answer of subject.forbidden) {
        subject.server.interrupt(answer);
        expect(await failureOf(read())).toEqual({ reason: "provider_forbidden", permanent: true });
      }
      expect(subject.forbidden.length).toBeGreaterThan(0);
      expect(await statusOf()).toBe("active");
    });

    it("a vendor that is out can be asked again", async () => {
      const outages: (readonly Answer[])[] = [
        [{ status: 500, json: {} }],
        [{ status: 502, html: "<h1>Bad gateway</h1>" }],
        // A connection that was kept from the last call and breaks off is no outage yet, so a new one has to as well.
        [{ instead: "hang_up" }, { instead: "hang_up" }],
        ...subject.unavailable.map((answer) => [answer]),
      ];
      for (const answers of outages) {
        subject.server.interrupt(...answers);
        expect(await failureOf(read())).toEqual({ reason: "provider_unreachable", permanent: false });
      }
    });

    it("a 503 that says when is waited for", async () => {
      subject.server.interrupt({ status: 503, headers: { "retry-after": "120" } });
      const outcome: unknown = await read().catch((error: unknown) => error);
      expect(outcome).toMatchObject({ reason: "rate_limited", at: app.services.now() + 120_000 });
    });

    it("an answer that is in no reference is told as such, with its status in the log", async () => {
      const strange: Answer[] = [
        { status: 418, json: { message: "Ada Lovelace", email: "ada@example.com" } },
        { status: 200, html: "<h1>Log in</h1>" },
        { status: 302, headers: { location: "https://evil.example.com/" } },
      ];
      for (const answer of strange) {
        subject.server.interrupt(answer);
        expect(await failureOf(read())).toEqual({ reason: "provider_answer_unknown", permanent: false });
      }
      const details = app.logged
        .filter(({ event }) => event === "provider.failed")
        .map(({ fields }) => fields["detail"]);
      expect(details).toEqual([418, 200, 302].map((status) => expect.stringContaining(`: ${status} `)));
      expect(JSON.stringify(app.logged)).not.toMatch(/Lovelace|ada@example|evil/);
    });

    it("no credential is in any log line or error", async () => {
      subject.tokens.expire();
      subject.server.interrupt({ instead: "hang_up" }, { status: 418, json: { token: "access-1-hunter2" } });
      const errors = [await read().catch(String), await read().catch(String), await read().catch(String)];
      subject.tokens.revoke();
      errors.push(await read().catch(String));
      expect(JSON.stringify([errors, app.logged])).not.toContain("hunter2");
      expect(app.logged.map(({ event }) => event)).toContain("connection.needs_reauth");
    });
  });

  describe("listing", () => {
    it("tells all that changed since a moment, page after page", async () => {
      const { entityType, since, ids } = subject.listed;
      const seen: string[] = [];
      let pages = 0;
      let cursor: string | undefined;
      do {
        const page = await app.services.records.list(key, {
          entityType,
          since,
          ...(cursor !== undefined && { cursor }),
        });
        for (const { reference, version } of page.records) {
          expect(reference.entityType).toBe(entityType);
          expect(Number(version?.value)).toBeGreaterThanOrEqual(Date.parse(since));
          seen.push(reference.entityId);
        }
        cursor = page.cursor;
        pages++;
      } while (cursor !== undefined && pages < 50);
      expect(seen.sort()).toEqual([...ids].sort());
      expect(pages).toBeGreaterThan(1);
    });

    it("tells beforehand what can be listed", () => {
      const { types, includes } = app.services.records.listable(subject.integrationId);
      expect(includes(subject.listed.entityType)).toBe(true);
      expect(types.every(includes)).toBe(true);
      expect(includes("no_such_thing__e")).toBe(false);
      expect(subject.server.calls).toEqual([]);
    });

    it("gives references by which the records can be read", async () => {
      const { entityType, since } = subject.listed;
      const [first] = (await app.services.records.list(key, { entityType, since })).records;
      if (!first) throw new Error("nothing was listed");
      expect(await app.services.records.read(key, first.reference)).toMatchObject({ version: first.version });
    });

    it("refuses a cursor that it did not give out", async () => {
      const { entityType, since } = subject.listed;
      expect(await codeOf(app.services.records.list(key, { entityType, since, cursor: "made-up" }))).toBe(
        "invalid_cursor",
      );
    });

    it("says what it does not list, and that it has no credentials", async () => {
      const query = { entityType: "no_such_thing__e", since: subject.listed.since };
      expect(await failureOf(app.services.records.list(key, query))).toEqual({
        reason: "unsupported",
        permanent: true,
      });
      const other = { ...key, connectionId: "nobody's" };
      const { entityType, since } = subject.listed;
      expect(await failureOf(app.services.records.list(other, { entityType, since }))).toEqual({
        reason: "no_credentials",
        permanent: false,
      });
    });
  });

  describe("writing", () => {
    const write = (change: RecordWrite) => app.services.records.write(key, change);

    it("creates, updates and deletes", async () => {
      const { create, update, delete: remove } = subject.writes;
      const { entityId } = await write(create);
      expect(entityId).not.toBe("");
      await write(update);
      expect(await app.services.records.read(key, update.reference)).toMatchObject({ record: update.fields });
      await write(remove);
      expect(await app.services.records.read(key, remove.reference)).toEqual({ kind: "deleted" });
      await write(remove);
    });

    it("says of a change that the vendor refuses that no repeat can help", async () => {
      expect(await failureOf(write(subject.writes.refused))).toEqual({ reason: "provider_rejected", permanent: true });
    });

    it("says what it does not write", async () => {
      const reference = { entityType: "no_such_thing__e", entityId: "1" };
      expect(await failureOf(write({ action: "update", reference, fields: {} }))).toEqual({
        reason: "unsupported",
        permanent: true,
      });
    });
  });
}

/** What a promise fails with; fails the test if it does not fail so. */
export async function failureOf(attempt: Promise<unknown>): Promise<{ reason: string; permanent: boolean } | string> {
  const outcome: unknown = await attempt.then(
    () => "resolved",
    (error: unknown) => error,
  );
  return outcome instanceof SyncFailure ? { reason: outcome.reason, permanent: outcome.permanent } : String(outcome);
}
