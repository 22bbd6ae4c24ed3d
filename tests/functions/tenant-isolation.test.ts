import type { App } from "../../shared/app";
import { endpointSpecs, type EndpointSpec } from "../../shared/http/endpoint";
import { loadFunctions, type TestReply } from "../support/function-app";
import { ask, drain, type Ours, type Question, startTwoTenants, type Who } from "../support/two-tenants";

/** What is asked of a route, and what another tenant gets that asks the same as we do. */
interface Row {
  /** The code of its refusal; or `own`: an answer of its own, in which there is nothing of ours. */
  readonly theirs: string;
  readonly ask?: (ours: Ours) => Question;
  /** Who may ask it among us. */
  readonly as?: Exclude<Who, "theirs">;
}

const webhook = (json?: object): Row => ({
  theirs: "registration_not_found",
  ask: ({ registrationId }) => ({ params: { registrationId }, ...(json && { json }) }),
});
const forOperators = (question: (ours: Ours) => Question): Row => ({
  theirs: "forbidden",
  as: "operator",
  ask: question,
});
const delivery = (which: "deliveryId" | "deadId"): Row => ({
  theirs: "delivery_not_found",
  ask: (ours) => ({ params: { deliveryId: ours[which] } }),
});
const replay: Row = { theirs: "replay_not_found", ask: ({ replayId }) => ({ params: { replayId } }) };
const shard = (json?: (ours: Ours) => object, which: "shardId" | "deletedId" = "shardId"): Row => ({
  theirs: "shard_not_found",
  ask: (ours) => ({ params: { shardId: ours[which] }, ...(json && { json: json(ours) }) }),
});
const conflict = (json?: object): Row => ({
  theirs: "conflict_not_found",
  ask: ({ conflictId }) => ({ params: { conflictId }, ...(json && { json }) }),
});
const connection = (theirs: string, json?: object): Row => ({
  theirs,
  ask: ({ connectionId }) => ({ params: { integrationId: "github", connectionId }, ...(json && { json }) }),
});
const channel = (theirs: string, json?: object): Row => ({
  theirs,
  ask: ({ channelId }) => ({ params: { channelId }, ...(json && { json }) }),
});
const own = (question: Question = {}): Row => ({ theirs: "own", ask: () => question });
const ofGitHub = (json?: object): Row => own({ params: { integrationId: "github" }, ...(json && { json }) });
const ofSalesforce = (json?: object): Row => own({ params: { integrationId: "salesforce" }, ...(json && { json }) });
const contact = { integrationId: "salesforce", entityType: "Contact" };
const mapping = { shardTypeId: "person", direction: "inbound", fields: { name: { from: "LastName" } } };

/** Every management route, asked for what is ours. Names that each tenant chooses itself are the same for both. */
const rows: Readonly<Record<string, Row>> = {
  "cancel-replay": replay,
  "confirm-webhook": webhook({}),
  "delete-alert-channel": channel("alert_channel_not_found"),
  "delete-connection": connection("connection_not_found"),
  "delete-mapping": { theirs: "mapping_not_found", ask: () => ({ params: contact }) },
  "delete-route": forOperators(({ sharedId, accountId }) => ({ params: { registrationId: sharedId, accountId } })),
  "delete-shard": shard(),
  "discard-delivery": delivery("deadId"),
  "get-alert-channel": channel("alert_channel_not_found"),
  "get-conflict": conflict(),
  "get-connection": connection("connection_not_found"),
  "get-delivery": delivery("deliveryId"),
  "get-mapping": own({ params: contact }),
  "get-metrics": forOperators(() => ({})),
  "get-overview": own(),
  "get-rate-limit-status": ofGitHub(),
  "get-replay": replay,
  "get-shard": shard(),
  "get-sync-task": { theirs: "sync_task_not_found", ask: ({ taskId }) => ({ params: { taskId } }) },
  "get-webhook": webhook(),
  "get-webhook-health": webhook(),
  "list-alert-channels": own(),
  "list-alerts": own(),
  "list-all-connections": own(),
  "list-audit": own(),
  "list-conflicts": own(),
  "list-connections": ofGitHub(),
  "list-dead-letters": own(),
  "list-deliveries": own(),
  "list-mappings": own(),
  "list-repairs": webhook(),
  "list-replays": own(),
  "list-routes": forOperators(({ sharedId }) => ({ params: { registrationId: sharedId } })),
  "list-shards": own(),
  "list-sync-tasks": own(),
  "list-webhook-deliveries": webhook(),
  "list-webhooks": own(),
  "pause-integration": ofSalesforce(),
  "pause-webhook": webhook(),
  "plan-replay": own({ json: { outcome: "dead" } }),
  "preview-mapping": own({ json: { ...contact, record: { Name: "Grace" } } }),
  "provision-webhook": webhook(),
  "put-alert-channel": channel("own", { target: { kind: "slack", url: "https://hooks.slack.com/services/T1/B1/y" } }),
  "put-connection": connection("own", { auth: { kind: "bearer", token: "ghp_theirs0123456789" } }),
  "put-mapping": own({ params: contact, json: mapping }),
  "put-route": forOperators(({ sharedId, accountId, targetId }) => ({
    params: { registrationId: sharedId, accountId },
    json: { registrationId: targetId },
  })),
  "register-webhook": ofGitHub({ connectionId: "conn-1", events: ["*"] }),
  "replay-delivery": delivery("deliveryId"),
  "reset-rate-limit": ofGitHub(),
  "resolve-conflict": conflict({ take: "remote" }),
  "restore-shard": shard(undefined, "deletedId"),
  "resume-integration": ofSalesforce(),
  "resume-webhook": webhook(),
  "rotate-secret": webhook({}),
  "run-replay": replay,
  "set-rate-limit": ofGitHub({ requestsPerMinute: 5 }),
  "set-tenant-rate-limit": forOperators(({ tenantId }) => ({ params: { tenantId }, json: { requestsPerMinute: 5 } })),
  "start-repair": webhook({}),
  "start-sync-task": {
    theirs: "own",
    ask: ({ connectionId }) => ({ json: { integrationId: "github", connectionId, entityType: "issue" } }),
  },
  "test-alert-channel": channel("alert_channel_not_found"),
  "unmerge-shard": shard(({ duplicateId }) => ({ shardId: duplicateId })),
  "unregister-webhook": webhook(),
  "update-shard": shard(() => ({ fields: { name: "Theirs" } })),
  "update-webhook": webhook({ events: ["*"] }),
};

loadFunctions();
const management = endpointSpecs().filter(({ access }) => access !== "anonymous" && access !== "provider");
const known = management.filter(({ name }) => name in rows);

let app: App;
let ours: Ours;
beforeEach(async () => {
  ({ app, ours } = await startTwoTenants());
});
afterEach(() => app.close());

const questionOf = (name: string): Question => rows[name]?.ask?.(ours) ?? {};
const asks = (who: Who, { name, method }: EndpointSpec): Promise<TestReply> => ask(who, name, method, questionOf(name));

/** Everything that we can read, by the name of the route. The queue is everybody's, and so is how much it holds. */
async function allOfOurs(): Promise<Readonly<Record<string, unknown>>> {
  const reads = known.filter(({ method, name }) => method === "GET" && rows[name]?.as === undefined);
  const replies = reads.map(async (spec) => {
    const { queue: _, ...read } = (await asks("ours", spec)).json as Readonly<Record<string, unknown>>;
    return [spec.name, read] as const;
  });
  return Object.fromEntries(await Promise.all(replies));
}

describe("a tenant", () => {
  it("is asked about on every management route", () => {
    const missing = management.filter(({ name }) => !(name in rows));
    const advice = missing.map(
      ({ name, route }) => `add "${name}" (${route}) to the rows above: what is asked for of ours, and what they get`,
    );
    expect(advice).toEqual([]);
    expect(Object.keys(rows)).toEqual(known.map(({ name }) => name).sort());
  });

  it.each(known.map((spec) => [spec.name, spec] as const))(
    "sees and changes nothing of another's: %s",
    async (name, spec) => {
      const before = await allOfOurs();
      const { status, json } = await asks("theirs", spec);
      await drain(app);
      const theirs = status < 300 ? "own" : (json as { readonly code: string }).code;
      expect(theirs).toBe(rows[name]?.theirs);
      const [asked, told] = [JSON.stringify(questionOf(name)), JSON.stringify(json ?? "")];
      expect(Object.values(ours).filter((text) => told.includes(text) && !asked.includes(text))).toEqual([]);
      expect(await allOfOurs()).toEqual(before);
    },
  );
});

describe("what another tenant is refused", () => {
  it.each(known.map((spec) => [spec.name, spec] as const))("is there for its own: %s", async (name, spec) => {
    const { status, json } = await asks(rows[name]?.as ?? "ours", spec);
    expect([400, 401, 403, 404]).not.toContain(status);
    if (spec.method === "GET") expect(json).not.toEqual((await asks("theirs", spec)).json);
  });
});
