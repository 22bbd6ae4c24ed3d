import {
  type AnsweringGateway,
  type Answer,
  callCommandLine,
  type Call,
  startAnswering,
} from "../../support/answering-gateway";
import { eventually } from "../../support/gateway";

const planned = { replayId: "replay-1", status: "planned", matched: 3, replayable: 2, queued: 0 };
const running = { ...planned, status: "running" };

let gateway: AnsweringGateway;
afterEach(() => gateway.close());

async function replay(words: readonly string[], ...answers: readonly Answer[]): Promise<Call> {
  gateway = await startAnswering(...answers);
  return callCommandLine(["replay", ...words, "--url", gateway.url]);
}

describe("castiel-webhooks replay --run", () => {
  it("shows how far it is, through an outage, until all is queued", async () => {
    const { status, out, error } = await replay(
      ["--outcome", "dead", "--run", "--rate", "5"],
      [201, planned],
      [202, running],
      [200, { ...running, queued: 1 }],
      [503, { code: "store_unavailable" }],
      [200, { ...running, queued: 2, status: "completed" }],
    );
    expect(out.split("\n").filter((line) => line.includes(" of "))).toEqual(["queued 1 of 2", "queued 2 of 2"]);
    expect(out).toMatch(/^status +completed\nqueued +2$/m);
    expect([status, error]).toEqual([0, "503 store_unavailable\n"]);
    expect(gateway.requests.slice(0, 3)).toEqual([
      'POST /replays {"outcome":"dead"}',
      'POST /replays/replay-1/run {"ratePerSecond":5}',
      "GET /replays/replay-1",
    ]);
  });

  it("prints what the API answered last, and nothing else, as JSON", async () => {
    const completed = { ...running, queued: 2, status: "completed" };
    const { out } = await replay(
      ["--outcome", "dead", "--run", "--json"],
      [201, planned],
      [202, running],
      [200, completed],
    );
    expect(JSON.parse(out)).toEqual(completed);
  });

  it.each(["failed", "cancelled"])("ends with 1 where the replay is %s meanwhile", async (ended) => {
    const { status, error } = await replay(["replay-1", "--run"], [202, running], [200, { ...running, status: ended }]);
    expect([status, error]).toEqual([1, `replay-1 is ${ended}\n`]);
  });

  it("ends with 1 where the gateway no longer lets it watch", async () => {
    const { status, error } = await replay(["replay-1", "--run"], [202, running], [401, { code: "unauthenticated" }]);
    expect([status, error]).toEqual([1, "401 unauthenticated\n"]);
  });

  it("says that the replay runs on where it is stopped", async () => {
    gateway = await startAnswering([202, running]);
    const watched = eventually(
      () => Promise.resolve(gateway.requests.length),
      (count) => count > 1,
    );
    const { status, error } = await callCommandLine(["replay", "replay-1", "--run", "--url", gateway.url], watched);
    expect([status, error]).toEqual([0, expect.stringContaining("it runs on: replay replay-1")]);
  });
});
