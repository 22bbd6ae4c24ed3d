import { SyncDelay, SyncFailure, type SyncTaskService, type SyncWork } from "../../shared/core/sync-task";
import type { WebhookEvent } from "../../shared/core/webhook-event";
import { makeEvent, noon } from "../support/make";
import { Killed } from "../support/mortal-store";
import type { SyncWorld } from "../support/sync-world";

/** What whoever is asked about a task (the provider, another engine) answers to the next call. */
export type NextAnswer = "failure" | "failure for good" | "wait half a minute";

/** A SyncTaskService over the world's store, and the means to make its work fail. */
export interface SyncTaskServiceSubject {
  readonly service: SyncTaskService;
  readonly world: SyncWorld;
  /** Without it all goes well. */
  answerNext(answer: NextAnswer): void;
  close(): Promise<void>;
}

/** What every SyncTaskService must do, wherever the work is done. */
export function describeSyncTaskService(open: () => Promise<SyncTaskServiceSubject>): void {
  let subject: SyncTaskServiceSubject;
  let service: SyncTaskService;
  let world: SyncWorld;
  beforeEach(async () => {
    subject = await open();
    ({ service, world } = subject);
  });
  afterEach(() => subject.close());

  /** One that holds next to nothing, so that somebody has to be asked. */
  const newEvent = (overrides: Partial<WebhookEvent> = {}): WebhookEvent =>
    makeEvent({ registrationId: world.registrationId, completeness: "hint", data: {}, ...overrides });

  const newWork = (): SyncWork => ({
    ...world.tenant,
    taskId: "task-0-work",
    integrationId: "salesforce",
    connectionId: "conn-123",
    entityType: "Contact",
    trigger: "manual",
    record: { entityId: "003" },
    requestedAt: new Date(noon).toISOString(),
  });

  const failureOf = (attempt: Promise<unknown>): Promise<unknown> => attempt.catch((error: unknown) => error);

  describe("as any SyncTaskService", () => {
    it("answers the completed task of an event as its document has it", async () => {
      const event = newEvent();
      const task = await service.enqueueSyncTask({ events: [event], attempt: 2 });
      const { registrationId } = world;
      const said = { status: "completed", trigger: "webhook", attempts: 2, eventIds: [event.eventId], registrationId };
      expect(task).toMatchObject(said);
      expect(await world.tasks()).toEqual([task]);
    });

    it("settles several events with one task, which is the first one's", async () => {
      const [first, second] = [newEvent(), newEvent()];
      const task = await service.enqueueSyncTask({ events: [first, second], attempt: 1 });
      expect(task.eventIds).toEqual([first.eventId, second.eventId]);
      expect((await service.enqueueSyncTask({ events: [first], attempt: 2 })).id).toBe(task.id);
      expect(await world.tasks()).toHaveLength(1);
    });

    it("does work that no event asked for", async () => {
      const task = await service.enqueueSyncTask({ work: newWork(), attempt: 1 });
      expect(task).toMatchObject({ id: "task-0-work", status: "completed", trigger: "manual", eventIds: [] });
      expect(await world.tasks()).toEqual([task]);
    });

    it("tells of a failure by its code, in the document too, and mends it by a repetition", async () => {
      const event = newEvent();
      subject.answerNext("failure");
      const failure = await failureOf(service.enqueueSyncTask({ events: [event], attempt: 1 }));
      expect(failure).toBeInstanceOf(SyncFailure);
      expect(failure).toMatchObject({ permanent: false });
      const { reason } = failure as SyncFailure;
      expect(await world.tasks()).toMatchObject([{ status: "failed", reason, attempts: 1 }]);
      const task = await service.enqueueSyncTask({ events: [event], attempt: 2 });
      expect(await world.tasks()).toEqual([task]);
      expect(task).toMatchObject({ status: "completed", attempts: 2 });
      expect(task.reason).toBeUndefined();
    });

    it("says if no repetition can mend it", async () => {
      subject.answerNext("failure for good");
      const attempt = service.enqueueSyncTask({ events: [newEvent()], attempt: 1 });
      expect(await failureOf(attempt)).toMatchObject({ name: "SyncFailure", permanent: true });
      expect(await world.tasks()).toMatchObject([{ status: "failed" }]);
    });

    it("asks for time, and says until when", async () => {
      subject.answerNext("wait half a minute");
      const delay = await failureOf(service.enqueueSyncTask({ events: [newEvent()], attempt: 1 }));
      expect(delay).toBeInstanceOf(SyncDelay);
      expect(delay).toMatchObject({ at: noon + 30_000 });
      const waitingUntil = new Date(noon + 30_000).toISOString();
      expect(await world.tasks()).toMatchObject([{ status: "waiting", waitingUntil }]);
    });

    it.each([
      ["before", false],
      ["after", true],
    ])("comes to its end though it was killed %s any of its writes", async (_, takesEffect) => {
      const event = newEvent();
      let write = 0;
      for (;;) {
        world.store.dieAt(++write, takesEffect);
        const outcome = await failureOf(service.enqueueSyncTask({ events: [event], attempt: 1 }));
        world.store.revive();
        if (!(outcome instanceof Killed)) break;
      }
      expect(write).toBeGreaterThan(1);
      expect(await world.tasks()).toMatchObject([{ status: "completed", eventIds: [event.eventId] }]);
    });

    it("refuses an event whose webhook's id names no tenant, for good, and stores nothing", async () => {
      const attempt = service.enqueueSyncTask({ events: [newEvent({ registrationId: "malformed" })], attempt: 1 });
      expect(await failureOf(attempt)).toMatchObject({ reason: "registration_id_malformed", permanent: true });
      expect(await world.tasks()).toEqual([]);
    });

    it("keeps a person's data out of the document", async () => {
      const person = { entityId: "ada@example.com", data: { Id: "ada@example.com", Name: "Lovelace" } };
      await service.enqueueSyncTask({ events: [newEvent({ ...person, completeness: "full" })], attempt: 1 });
      expect(JSON.stringify(await world.tasks())).not.toMatch(/ada@|Lovelace/);
    });
  });
}
