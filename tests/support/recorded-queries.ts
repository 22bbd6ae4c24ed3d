import { searchableFields } from "../../shared/core/delivery";
import type { CollectionName, Document, DocumentQuery, Documents, DocumentStore, Page } from "../../shared/core/ports";
import { AuditLog } from "../../shared/repositories/audit-log";
import { AlertChannels } from "../../shared/repositories/alert-channels";
import { Alerts } from "../../shared/repositories/alerts";
import { Conflicts } from "../../shared/repositories/conflicts";
import { Connections } from "../../shared/repositories/connections";
import { Deliveries } from "../../shared/repositories/deliveries";
import { HeldEvents } from "../../shared/repositories/held-events";
import { HookLedgers } from "../../shared/repositories/hook-ledgers";
import { Mappings } from "../../shared/repositories/mappings";
import { Repairs } from "../../shared/repositories/repairs";
import { Replays } from "../../shared/repositories/replays";
import { Registrations } from "../../shared/repositories/registrations";
import { Routes } from "../../shared/repositories/routes";
import { Shards } from "../../shared/repositories/shards";
import { SyncTasks } from "../../shared/repositories/sync-tasks";

/** A query that a repository asked of a collection. */
export interface RecordedQuery {
  readonly collection: CollectionName;
  readonly query: DocumentQuery;
}

/** Asks every question that the repositories have, with every filter, and answers what they asked of the store. */
export async function recordQueries(): Promise<readonly RecordedQuery[]> {
  const recorded: RecordedQuery[] = [];
  const store: DocumentStore = { collection: (name) => new RecordingDocuments(name, recorded) };
  const tenant = { tenantId: "tenant-123", tenantKey: "key" };
  const registrations = new Registrations(store);
  await registrations.list(tenant, { integrationId: "github", limit: 1 });
  await registrations.listTenants().next();
  await new Deliveries(store).list("tenant-123", "webhook-1", 1);
  await new Deliveries(store).arrivalOf({ tenantId: "tenant-123", registrationId: "webhook-1", deliveryId: "1" });
  const fields = Object.fromEntries(searchableFields.map((name) => [name, "any"]));
  await new Deliveries(store).search(tenant, { fields, since: 0, until: 0, limit: 1, oldestFirst: true });
  await new Deliveries(store).searchDead(tenant, { fields, since: 0, until: 0, limit: 1 });
  await new HeldEvents(store).oldest("tenant-123", "webhook-1", 1);
  await new HeldEvents(store).all("tenant-123", "webhook-1").next();
  await new Replays(store).list(tenant, { limit: 1 });
  await new Connections(store).list(tenant, { integrationId: "github", status: "active", limit: 1 });
  await new Shards(store).list(tenant, {
    shardTypeId: "contact",
    integrationId: "github",
    externalId: "1",
    status: "active",
    limit: 1,
  });
  await new SyncTasks(store).list(tenant, {
    registrationId: "webhook-1",
    status: "failed",
    trigger: "webhook",
    limit: 1,
  });
  await new Mappings(store).list(tenant, { limit: 1 });
  await new Routes(store).list({ id: "webhook-1", tenantId: "tenant-123" }, { limit: 1 });
  await new Conflicts(store).list(tenant, { status: "open", shardId: "shard-1", limit: 1 });
  await new HookLedgers(store).listDue(0).next();
  const repairs = new Repairs(store);
  await repairs.list(tenant, { registrationId: "webhook-1", limit: 1 });
  await repairs.listRunning(tenant, 1);
  await new AuditLog(store).list(tenant, { resource: "/webhooks/webhook-1", action: "update-webhook", limit: 1 });
  await new Alerts(store).list(tenant, { limit: 1 });
  await new Alerts(store).listEnded(tenant, { limit: 1 });
  const channels = new AlertChannels(store);
  await channels.list("tenant-123", { limit: 1 });
  await channels.listService().next();
  await channels.listDue(0).next();
  await new Connections(store).listRefused(tenant).next();
  return recorded;
}

class RecordingDocuments<T extends Document> implements Documents<T> {
  readonly #collection: CollectionName;
  readonly #recorded: RecordedQuery[];

  constructor(collection: CollectionName, recorded: RecordedQuery[]) {
    this.#collection = collection;
    this.#recorded = recorded;
  }

  async query(query: DocumentQuery): Promise<Page<T>> {
    this.#recorded.push({ collection: this.#collection, query });
    return { items: [] };
  }

  /** A question may begin with a point read, which finds nothing. */
  async get(): Promise<undefined> {
    return undefined;
  }

  readonly create = notAsked;
  readonly replace = notAsked;
  readonly upsert = notAsked;
  readonly increment = notAsked;
  readonly delete = notAsked;
}

async function notAsked(): Promise<never> {
  throw new Error("only queries are recorded");
}
