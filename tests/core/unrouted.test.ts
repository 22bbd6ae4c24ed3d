import { mergeUnrouted, unroutedAdvice, type UnroutedTallies } from "../../shared/core/unrouted";
import { noon } from "../support/make";

const at = (ms: number) => new Date(noon + ms).toISOString();

describe("the accounts whose deliveries were for nobody", () => {
  it("are counted, with the later of two times", () => {
    const known = { T1: { times: 2, lastAt: at(5) }, T2: { times: 1, lastAt: at(1) } };
    const added = { T1: { times: 3, lastAt: at(4) }, T3: { times: 1, lastAt: at(6) } };
    expect(mergeUnrouted(known, added)).toEqual({
      T1: { times: 5, lastAt: at(5) },
      T2: { times: 1, lastAt: at(1) },
      T3: { times: 1, lastAt: at(6) },
    });
  });

  it("are the twenty heard of last, however many strangers install an app", () => {
    let known: UnroutedTallies = {};
    for (let n = 0; n < 50; n++) known = mergeUnrouted(known, { [`T${n}`]: { times: 1, lastAt: at(n) } });
    expect(Object.keys(known).sort()).toEqual(Array.from({ length: 20 }, (_, n) => `T${n + 30}`));
  });

  it("are told with what to do, one or many, mapped to nobody or to a webhook that is gone", () => {
    const tally = { lastAt: at(0) };
    const advice = unroutedAdvice({ id: "webhook-1", routing: "installation" }, [
      { accountId: "1", times: 1, hasRoute: false, ...tally },
      { accountId: "2", times: 2, hasRoute: true, ...tally },
    ]);
    expect(advice).toEqual([
      `1 delivery of installation 1 (the last on ${at(0)}) is mapped to nobody: PUT /webhooks/webhook-1/routes/1 with {"registrationId":"…"}.`,
      `2 deliveries of installation 2 (the last on ${at(0)}) are mapped to a webhook that is gone or switched off: PUT /webhooks/webhook-1/routes/2 with {"registrationId":"…"}.`,
    ]);
  });
});
