import fc from "fast-check";
import { type CallLog, callsIn, emptyAt, roomAt, secondOf } from "../../shared/core/call-log";
import { noon } from "../support/make";

const WINDOW_MS = 60_000;
const counted = (log: CallLog, now: number): CallLog =>
  new Map(log).set(secondOf(now), (log.get(secondOf(now)) ?? 0) + 1);

/** Lets each call through that finds room at its time; answers when those were. */
function admitted(times: readonly number[], limit: number): { calls: number[]; log: CallLog } {
  let log: CallLog = new Map();
  const calls: number[] = [];
  for (const now of times) {
    if (roomAt(log, limit, now) > now) continue;
    log = counted(log, now);
    calls.push(now);
  }
  return { calls, log };
}

/** Moments in order, in bursts and with pauses of up to a minute and a half. */
const moments = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: 0, max: 90_000 })), { maxLength: 400 })
  .map((gaps) => {
    let now = noon;
    return gaps.map((gap) => (now += gap));
  });
const limits = fc.integer({ min: 1, max: 40 });

describe("a log of calls", () => {
  it("never sees more calls than the limit in any 60 seconds", () => {
    fc.assert(
      fc.property(moments, limits, (times, limit) => {
        const { calls } = admitted(times, limit);
        for (const [first, call] of calls.entries()) {
          const within = calls.slice(first).filter((other) => other < call + WINDOW_MS);
          expect(within.length).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it("makes no call wait that has had room for 61 seconds", () => {
    fc.assert(
      fc.property(moments, limits, (times, limit) => {
        const { calls } = admitted(times, limit);
        const made = new Set(calls);
        for (const now of times.filter((time) => !made.has(time))) {
          const before = calls.filter((call) => call <= now && call > now - WINDOW_MS - 1000);
          expect(before.length).toBeGreaterThanOrEqual(limit);
        }
      }),
    );
  });

  it("tells the very millisecond at which a call finds room", () => {
    fc.assert(
      fc.property(moments, limits, fc.integer({ min: 0, max: 70_000 }), (times, limit, pause) => {
        const { log } = admitted(times, limit);
        const now = (times.at(-1) ?? noon) + pause;
        const at = roomAt(log, limit, now);
        expect(roomAt(log, limit, at)).toBe(at);
        if (at > now) expect(roomAt(log, limit, at - 1)).toBe(at);
      }),
    );
  });

  it("is empty when it says, and not a millisecond before", () => {
    fc.assert(
      fc.property(moments, (times) => {
        const { log } = admitted(times, 1_000);
        const now = times.at(-1) ?? noon;
        const at = emptyAt(log, now);
        expect(callsIn(log, at)).toBe(0);
        if (at > now) expect(callsIn(log, at - 1)).toBeGreaterThan(0);
      }),
    );
  });

  it("waits for as many calls to grow old as are too many after the limit was lowered", () => {
    const log = new Map([
      [secondOf(noon), 5],
      [secondOf(noon) + 10, 5],
      [secondOf(noon) + 20, 1],
    ]);
    expect(roomAt(log, 7, noon + 20_000)).toBe(noon + 61_000);
    expect(roomAt(log, 5, noon + 20_000)).toBe(noon + 71_000);
    expect(roomAt(log, 1, noon + 20_000)).toBe(noon + 81_000);
  });

  it("counts calls of an instance whose clock is ahead", () => {
    expect(callsIn(new Map([[secondOf(noon) + 2, 3]]), noon)).toBe(3);
  });
});
