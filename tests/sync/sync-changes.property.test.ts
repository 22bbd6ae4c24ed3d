import fc from "fast-check";
import { drainMessage } from "../../shared/usecases/drain-message";
import { connect } from "../support/connections";
import { makeEvent } from "../support/make";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";
import { GoogleStandIn } from "../support/vendors/google";
import { CALENDAR, type GoogleCollections, MAILBOX } from "../support/vendors/google-collections";

/**
 * Records of a collection come, change and go, notices of that come late, twice, several at once or not at all but for the
 * last one, Google forgets where we were, and the process is killed at any write. In the end the shards are what is there.
 */
interface Kind {
  readonly entityType: string;
  readonly entityId: string;
  readonly shardTypeId: string;
  /** Makes a record, or changes it; `at` in ISO 8601. */
  put(collections: GoogleCollections, id: string, value: string, at: string): void;
  remove(collections: GoogleCollections, id: string, at: string): void;
  /** Brings one back that was removed, as it was. */
  restore(collections: GoogleCollections, id: string, value: string, at: string): void;
  /** The value in a shard. */
  readonly field: string;
  /** Whether all is to be had that changed since a moment. */
  readonly mayForget: boolean;
}

const kinds: readonly Kind[] = [
  {
    entityType: "mailbox",
    entityId: MAILBOX,
    shardTypeId: "mail_message",
    put: (collections, id, value, at) => {
      collections.putMail(id, at, ["INBOX", value]);
    },
    remove: (collections, id, at) => {
      collections.putMail(id, at, ["TRASH"]);
    },
    restore: (collections, id, value, at) => {
      collections.putMail(id, at, ["INBOX", value]);
    },
    field: "labelIds",
    mayForget: false,
  },
  {
    entityType: "calendar",
    entityId: CALENDAR,
    shardTypeId: "calendar_event",
    put: (collections, id, value, at) => {
      collections.putEvent(id, at, { summary: value });
    },
    remove: (collections, id, at) => {
      collections.putEvent(id, at, { status: "cancelled" });
    },
    restore: (collections, id, value, at) => {
      collections.putEvent(id, at, { summary: value });
    },
    field: "title",
    mayForget: true,
  },
  {
    entityType: "drive_changes",
    entityId: "resource-1",
    shardTypeId: "file",
    put: (collections, id, value, at) => {
      collections.putFile(id, at, { name: value });
    },
    // The trash changes no time of a file.
    remove: (collections, id) => {
      collections.trashFile(id);
    },
    restore: (collections, id) => {
      collections.trashFile(id, false);
    },
    field: "name",
    mayForget: false,
  },
];

type Step =
  | { readonly kind: "put" | "remove" | "restore"; readonly id: string }
  | { readonly kind: "notice"; readonly atOnce: number }
  | { readonly kind: "kill"; readonly write: number; readonly takesEffect: boolean }
  | { readonly kind: "drain" }
  | { readonly kind: "forget" };

/** The values of the records that are there, and of those that were removed. */
interface Model {
  readonly there: Map<string, string>;
  readonly gone: Map<string, string>;
}

const id = fc.constantFrom("r0", "r1");
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("put" as const), id }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("remove" as const), id }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("restore" as const), id }) },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant("notice" as const), atOnce: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("drain" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("kill" as const),
        write: fc.integer({ min: 1, max: 8 }),
        takesEffect: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget" as const) }) },
  ),
  { minLength: 8, maxLength: 24, size: "max" },
);

describe.each(kinds)(
  "the shards of $entityType",
  ({ entityType, entityId, shardTypeId, put, remove, restore, field, mayForget }) => {
    let world: SyncWorld;
    let google: GoogleStandIn;

    const now = (): string => new Date(world.services.now()).toISOString();

    async function notice(atOnce: number): Promise<void> {
      const tasks = Array.from({ length: atOnce }, (_, index) => {
        const event = makeEvent({
          integrationId: "google",
          registrationId: world.registrationId,
          entityType,
          entityId,
          completeness: "hint",
          data: {},
          receivedAt: now(),
          receivedOrder: world.services.now() * 1000,
        });
        return world.untilDone(() => (index % 2 === 0 ? world.sync(event) : world.syncElsewhere(event)));
      });
      await Promise.all(tasks);
    }

    async function drain(): Promise<number> {
      const messages = await world.app.lockingQueue.receive(32, 60_000);
      for (const message of messages) {
        await drainMessage(world.services, JSON.parse(message.body));
        await world.app.lockingQueue.complete(message.lockToken);
      }
      return messages.length;
    }

    async function take(step: Step, { there, gone }: Model): Promise<void> {
      switch (step.kind) {
        case "put": {
          const value = `value ${now()}`;
          put(google.collections, step.id, value, now());
          there.set(step.id, value);
          gone.delete(step.id);
          return;
        }
        case "remove": {
          const value = there.get(step.id);
          if (value === undefined) return;
          remove(google.collections, step.id, now());
          there.delete(step.id);
          gone.set(step.id, value);
          return;
        }
        case "restore": {
          const value = gone.get(step.id);
          if (value === undefined) return;
          restore(google.collections, step.id, value, now());
          gone.delete(step.id);
          there.set(step.id, value);
          return;
        }
        case "notice":
          return notice(step.atOnce);
        case "drain":
          await drain();
          return;
        case "kill":
          world.store.dieAt(step.write, step.takesEffect);
          return;
        case "forget":
          if (mayForget) google.collections.forget();
      }
    }

    /** After one more notice, until no message is on its way any more. */
    async function comeToRest(): Promise<void> {
      world.store.revive();
      await notice(1);
      for (let round = 0; round < 30; round++) {
        if ((await drain()) === 0 && (await world.services.queue.depth())?.scheduled === 0) return;
        world.app.advance(3_600_000);
      }
      throw new Error("it never came to rest");
    }

    it("end as the records that are there, whatever came in between", async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (list) => {
          google = await GoogleStandIn.start();
          google.collections.pageSize = 2;
          const env = { OUTBOUND_ALLOW_LOOPBACK: "true", GOOGLE_API_URL: `${google.server.url}/{service}` };
          world = await openSyncWorld({ env });
          try {
            await connect(world.app, "google", { kind: "bearer", token: google.tokens.accessToken });
            const model: Model = { there: new Map(), gone: new Map() };
            for (const step of list) {
              world.app.advance(1000);
              await take(step, model);
            }
            await comeToRest();
            const shards = await world.shards({ shardTypeId, status: "active" });
            const shown = shards.map(({ externalId, structuredData }) => [
              externalId,
              [structuredData[field]].flat().at(-1),
            ]);
            expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(model.there));
          } finally {
            await world.close();
            await google.server.stop();
          }
        }),
        { numRuns: 40 },
      );
    }, 120_000);
  },
);
