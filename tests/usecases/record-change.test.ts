import { serviceActor } from "../../shared/core/audit";
import { AuditLog } from "../../shared/repositories/audit-log";
import { listAudit } from "../../shared/usecases/list-audit";
import { recordChange } from "../../shared/usecases/record-change";
import { openTestStore } from "../adapters/sqlite/open-test-store";
import { openTestApp, type TestApp } from "../support/test-app";

let app: TestApp;
beforeEach(async () => {
  app = await openTestApp({ AUDIT_RETENTION_DAYS: "30" });
});
afterEach(() => app.close());

const DAY_MS = 86_400_000;
const operator = { tenantId: "tenant-123", subject: "ada", scopes: new Set([]), isOperator: true };
const change = {
  action: "update-webhook",
  resource: "/webhooks/webhook-1",
  tenantId: "tenant-123",
  by: serviceActor("tenant-123"),
};
const entries = async () => (await listAudit(app.services, operator, { limit: 10 })).entries;

describe("an entry of the audit log", () => {
  it("names only facts that differ, and those that are too long by a digest", async () => {
    const before = { same: 1, events: ["a"], mapping: "x".repeat(5000) };
    await recordChange(app.services, { ...change, before, after: { same: 1, events: ["b"], mapping: "y" } });
    expect(await entries()).toMatchObject([
      { before: { events: ["a"], mapping: expect.stringMatching(/^sha256:/) }, after: { events: ["b"], mapping: "y" } },
    ]);
    expect((await entries())[0]?.after).not.toHaveProperty("same");
  });

  it("disappears after the time that the settings say", async () => {
    await recordChange(app.services, change);
    app.advance(29 * DAY_MS);
    expect(await entries()).toHaveLength(1);
    app.advance(2 * DAY_MS);
    expect(await entries()).toHaveLength(0);
  });

  it("is written once, as soon as the store takes it", async () => {
    let failures = 2;
    class FailingTwice extends AuditLog {
      override async save(entry: Parameters<AuditLog["save"]>[0]): Promise<void> {
        if (failures-- > 0) throw new Error("no");
        await app.services.auditLog.save(entry);
      }
    }
    const store = openTestStore();
    await recordChange({ ...app.services, auditLog: new FailingTwice(store.documents) }, change);
    await store.close();
    expect(await entries()).toHaveLength(1);
  });

  it("is logged as an error, whole, where it cannot be written, and the change stands", async () => {
    const broken = openTestStore();
    const auditLog = new AuditLog(broken.documents);
    await broken.breakDown();
    await recordChange({ ...app.services, auditLog }, change);
    expect(app.logged).toContainEqual({
      level: "error",
      event: "audit.not_written",
      fields: { entry: expect.objectContaining(change), error: expect.stringContaining("store_unavailable") },
    });
  });
});
