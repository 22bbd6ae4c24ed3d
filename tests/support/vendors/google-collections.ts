import { failed, FIRST_PAGE_TOKEN } from "./google-hooks";
import type { Answer, Received } from "./stand-in";

/** The mailbox and the calendar that there are. */
export const MAILBOX = "office@acme.example";
export const CALENDAR = "team@group.example";

const mailboxPath = `/gmail/gmail/v1/users/${encodeURIComponent(MAILBOX)}`;
const eventsPath = `/www/calendar/v3/calendars/${encodeURIComponent(CALENDAR)}/events`;
const changesPath = "/www/drive/v3/changes";

/** One entry of a history: what changed, in the order of change. */
interface Entry {
  readonly id: string;
  readonly kind: "messagesAdded" | "messagesDeleted" | "labelsAdded";
}

/**
 * What changed within collections, by the references of the APIs: `users.history.list` and `users.messages.list` of Gmail
 * (an id that is too old answers 404), `events.list` of Calendar (sync tokens, on the last page alone and with no filter;
 * 410 for one that has run out), and `changes.list` of Drive (page tokens, the last one for what changes later).
 */
export class GoogleCollections {
  /** Pages hold no more than this, whatever is asked for. */
  pageSize = 1000;
  readonly #records: Map<string, object | undefined>;
  readonly #history: Entry[] = [];
  readonly #events: string[] = [];
  readonly #files: string[] = [];
  /** Positions before this one are not known any more. */
  #forgotten = 0;

  constructor(records: Map<string, object | undefined>) {
    this.#records = records;
  }

  /** Positions that were given out so far are of no use any more. */
  forget(): void {
    this.#forgotten = Math.max(this.#history.length, this.#events.length, this.#files.length) + 1;
    for (let count = 0; count < this.#forgotten; count++) {
      this.#history.push({ id: "", kind: "labelsAdded" });
      this.#events.push("");
      this.#files.push("");
    }
  }

  /** A mail that came in at a time (ISO 8601), or got a label. */
  putMail(id: string, at: string, labelIds: readonly string[] = ["INBOX"]): void {
    const path = `${mailboxPath}/messages/${id}`;
    const kind = this.#records.has(path) ? "labelsAdded" : "messagesAdded";
    this.#history.push({ id, kind });
    const headers = [{ name: "Subject", value: `Mail ${id}` }];
    const internalDate = String(Date.parse(at));
    this.#records.set(path, { id, labelIds, internalDate, historyId: this.#historyId, payload: { headers } });
  }

  deleteMail(id: string): void {
    this.#records.delete(`${mailboxPath}/messages/${id}`);
    this.#history.push({ id, kind: "messagesDeleted" });
  }

  putEvent(id: string, updated: string, fields: object = {}): void {
    this.#records.set(`${eventsPath}/${id}`, { id, status: "confirmed", updated, ...fields });
    this.#events.push(id);
  }

  putFile(id: string, modifiedTime: string, fields: object = {}): void {
    this.#records.set(`/www/drive/v3/files/${id}`, { id, modifiedTime, trashed: false, ...fields });
    this.#files.push(id);
  }

  /** Into the trash or out of it, which changes no time of the file. */
  trashFile(id: string, trashed = true): void {
    const path = `/www/drive/v3/files/${id}`;
    this.#records.set(path, { ...this.#records.get(path), trashed });
    this.#files.push(id);
  }

  /** `undefined` for what is no question about changes. */
  respond({ method, path, query }: Received): Answer | undefined {
    if (method !== "GET") return undefined;
    switch (path) {
      case `${mailboxPath}/profile`:
        return { json: { emailAddress: MAILBOX, historyId: this.#historyId, messagesTotal: 1 } };
      case `${mailboxPath}/history`:
        return this.#listHistory(query);
      case `${mailboxPath}/messages`:
        return this.#listMails(query);
      case eventsPath:
        return this.#listEvents(query);
      case `${changesPath}/startPageToken`:
        return { json: { startPageToken: String(FIRST_PAGE_TOKEN + this.#files.length) } };
      case changesPath:
        return this.#listChanges(query);
      default:
        return undefined;
    }
  }

  /** Ids of a history grow, with gaps. */
  get #historyId(): string {
    return String(this.#history.length * 10 + 1000);
  }

  #listHistory({ startHistoryId = "", pageToken, maxResults }: Received["query"]): Answer {
    const start = (Number(startHistoryId) - 1000) / 10;
    if (!(start >= this.#forgotten)) return failed(404, "notFound", "NOT_FOUND");
    const entries = this.#history.map(({ id, kind }, index) => ({
      id: String((index + 1) * 10 + 1000),
      messages: [{ id, threadId: id }],
      [kind]: [{ message: { id, threadId: id } }],
    }));
    const page = this.#page(entries.slice(start), pageToken, maxResults);
    // A history without an entry has no such field.
    const history = page.items.length === 0 ? {} : { history: page.items };
    return { json: { ...history, ...page.next, historyId: this.#historyId } };
  }

  #listMails({ q = "", pageToken, maxResults }: Received["query"]): Answer {
    const after = Number(/^after:(\d+)$/.exec(q)?.[1]);
    const mails = [...this.#records].flatMap(([path, record]) =>
      path.startsWith(`${mailboxPath}/messages/`) && record ? [record as { id: string; internalDate: string }] : [],
    );
    const found = mails.filter(({ internalDate }) => Number(internalDate) >= after * 1000).reverse();
    const page = this.#page(
      found.map(({ id }) => ({ id, threadId: id })),
      pageToken,
      maxResults,
    );
    return { json: { messages: page.items, ...page.next, resultSizeEstimate: found.length } };
  }

  #listEvents({ syncToken, pageToken, maxResults, showDeleted, ...filters }: Received["query"]): Answer {
    if (Object.keys(filters).length > 0 || showDeleted !== "true") return failed(400, "invalid", "INVALID_ARGUMENT");
    const known = Number(syncToken?.replace("token-", "") ?? -1);
    if (syncToken !== undefined && !(known >= this.#forgotten)) return failed(410, "fullSyncRequired", "GONE");
    // The token is of the time of the first page, so that nothing is lost which changes meanwhile.
    const [, from, asOf = String(this.#events.length)] = /^(.+) (\d+)$/.exec(pageToken ?? "") ?? [];
    const ids = [...new Set(this.#events.slice(Math.max(known, 0), Number(asOf)))];
    const events = ids.flatMap((id) => this.#records.get(`${eventsPath}/${id}`) ?? []);
    const { items, next } = this.#page(events, from, maxResults);
    const end =
      next.nextPageToken === undefined
        ? { nextSyncToken: `token-${asOf}` }
        : { nextPageToken: `${next.nextPageToken} ${asOf}` };
    return { json: { kind: "calendar#events", items, ...end } };
  }

  /** A file is told once on a page, as it is now. */
  #listChanges({ pageToken = "", pageSize }: Received["query"]): Answer {
    const start = Number(pageToken) - FIRST_PAGE_TOKEN;
    if (!(start >= this.#forgotten)) return failed(400, "invalid", "INVALID_ARGUMENT");
    const end = Math.min(start + Math.min(this.pageSize, Number(pageSize)), this.#files.length);
    const changes = [...new Set(this.#files.slice(start, end))].flatMap((id) => {
      const file = this.#records.get(`/www/drive/v3/files/${id}`);
      return file ? [{ file }] : [];
    });
    const token = String(FIRST_PAGE_TOKEN + end);
    const next = end < this.#files.length ? { nextPageToken: token } : { newStartPageToken: token };
    return { json: { changes, ...next } };
  }

  #page(
    items: readonly object[],
    pageToken: string | undefined,
    wanted: string | undefined,
  ): { readonly items: readonly object[]; readonly next: { readonly nextPageToken?: string } } {
    const start = Number(pageToken?.replace("page-", "") ?? 0);
    const end = start + Math.min(this.pageSize, Number(wanted));
    return { items: items.slice(start, end), next: end < items.length ? { nextPageToken: `page-${end}` } : {} };
  }
}
