import { asObject, type JsonObject } from "../../shared/core/json";
import {
  type Listable,
  listableTypes,
  type ReadOutcome,
  type RecordPage,
  type RecordReader,
  type RecordWrite,
} from "../../shared/core/record-reader";
import type { EventVersion } from "../../shared/core/version";
import type { WebhookEvent } from "../../shared/core/webhook-event";
import { makeEvent } from "./make";

interface VendorRecord {
  readonly fields: JsonObject;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
  readonly isDeleted: boolean;
}

/**
 * Stands in for a vendor: records in memory that fulfil the port `RecordReader`, and the events that their changes send.
 * Its records have one field `Id`, a time of change as their version, and a tag.
 */
export class VendorStandIn implements RecordReader {
  readonly records = new Map<string, VendorRecord>();
  /** Events that were sent and nobody has fetched from here yet. */
  readonly sent: WebhookEvent[] = [];
  readonly writes: RecordWrite[] = [];
  reads = 0;
  pageSize = 3;
  /** What every call throws, as long as it is set. */
  failure: Error | undefined;
  /** What `read` answers for every record, as long as it is set. */
  outcome: ReadOutcome | undefined;
  /** Called in the middle of a call, before it answers. */
  meanwhile: (() => Promise<void>) | undefined;
  /** Called after a write took effect, before it is answered. */
  written: (() => Promise<void>) | undefined;
  readonly #clock: () => number;
  /** Creating what was deleted brings it back, as Notion does with a page in its trash. */
  restores = false;
  #last = 0;
  #made = 0;
  #sequence = 0;
  readonly #overrides: Partial<WebhookEvent>;

  constructor(now: () => number, overrides: Partial<WebhookEvent> = {}) {
    this.#clock = now;
    this.#overrides = overrides;
  }

  /** Changes fields of a record, or makes one; sends what changed, or (`full`) the whole record. */
  change(id: string, fields: JsonObject, completeness: WebhookEvent["completeness"] = "partial"): WebhookEvent {
    this.#tick();
    const known = this.records.get(id);
    const record = { ...(known?.isDeleted === false ? known.fields : {}), ...fields, Id: id };
    this.records.set(id, { fields: record, changedAt: this.#last, isDeleted: false });
    const data = { full: record, partial: { ...fields, Id: id }, hint: {} }[completeness];
    return this.#send(id, known?.isDeleted === false ? "updated" : "created", { completeness, data });
  }

  remove(id: string): WebhookEvent {
    this.#tick();
    this.records.set(id, { fields: {}, changedAt: this.#last, isDeleted: true });
    return this.#send(id, "deleted", { data: {} });
  }

  async read(
    _: unknown,
    reference: { readonly entityId: string },
    options?: { readonly etag?: string },
  ): Promise<ReadOutcome> {
    this.reads++;
    await this.#before();
    if (this.outcome) return this.outcome;
    const known = this.records.get(reference.entityId);
    if (!known || known.isDeleted) return { kind: "deleted" };
    const etag = String(known.changedAt);
    if (options?.etag === etag) return { kind: "unchanged" };
    return { kind: "found", record: known.fields, version: versionOf(known), etag };
  }

  async list(
    _: unknown,
    query: { readonly entityType: string; readonly since: string; readonly cursor?: string },
  ): Promise<RecordPage> {
    await this.#before();
    const { entityType, since, cursor = "" } = query;
    const due = [...this.records].filter(([id, { changedAt }]) => id > cursor && changedAt >= Date.parse(since)).sort();
    const page = due.slice(0, this.pageSize);
    const records = page.map(([entityId, known]) => ({
      reference: { entityType, entityId },
      record: known.fields,
      version: versionOf(known),
      deleted: known.isDeleted,
    }));
    const last = page.at(-1)?.[0];
    return { records, ...(due.length > page.length && last !== undefined ? { cursor: last } : {}) };
  }

  listable(): Listable {
    return listableTypes(["Contact"]);
  }

  async write(
    _: unknown,
    change: RecordWrite,
  ): Promise<{ readonly entityId: string; readonly version?: EventVersion }> {
    await this.#before();
    this.writes.push(change);
    const isNew = change.action === "create" && !this.restores;
    const entityId = isNew ? `made-${++this.#made}` : change.reference.entityId;
    if (change.action === "delete") this.remove(entityId);
    else this.change(entityId, deepMerge(this.records.get(entityId)?.fields ?? {}, change.fields));
    const version = { kind: "time", value: this.#last } as const;
    await this.written?.();
    return { entityId, version };
  }

  /** No two changes have the same time. */
  #tick(): void {
    this.#last = Math.max(this.#clock(), this.#last + 1);
  }

  async #before(): Promise<void> {
    await this.meanwhile?.();
    if (this.failure) throw this.failure;
  }

  #send(entityId: string, eventType: WebhookEvent["eventType"], differences: Partial<WebhookEvent>): WebhookEvent {
    const version = { kind: "time", value: this.#last } as const;
    const occurredAt = new Date(this.#last).toISOString();
    const receivedOrder = this.#clock() * 1000 + (++this.#sequence % 1000);
    const known = { entityId, eventType, version, occurredAt, receivedOrder };
    const event = makeEvent({ ...this.#overrides, ...known, ...differences });
    this.sent.push(event);
    return event;
  }
}

function versionOf({ changedAt }: VendorRecord): EventVersion {
  return { kind: "time", value: changedAt };
}

function deepMerge(record: JsonObject, changes: JsonObject): JsonObject {
  const merged = Object.entries(changes).map(([name, value]) => {
    const [known, inner] = [asObject(record[name]), asObject(value)];
    return [name, known && inner ? deepMerge(known, inner) : value];
  });
  return { ...record, ...(Object.fromEntries(merged) as JsonObject) };
}
