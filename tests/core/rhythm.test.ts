import { type Rhythm, usualSilence, withArrival } from "../../shared/core/rhythm";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A Monday, midnight UTC. */
const monday = Date.UTC(2026, 8, 7);

const learn = (arrivals: readonly number[]): Rhythm | undefined =>
  arrivals.reduce<Rhythm | undefined>(withArrival, undefined);

const every = (interval: number, { from = monday, days = 14 } = {}): number[] =>
  Array.from({ length: Math.floor((days * DAY) / interval) }, (_, index) => from + index * interval);

/** Every ten minutes from 8 to 18 o'clock on working days. */
const officeHours = (weeks: number): number[] =>
  every(10 * MINUTE, { days: weeks * 7 }).filter((at) => {
    const time = new Date(at);
    return time.getUTCDay() % 6 !== 0 && time.getUTCHours() >= 8 && time.getUTCHours() < 18;
  });

/** The silences of at least a minute that were alarming while `arrivals` came in, once it spoke. */
function alarms(arrivals: readonly number[]): number[] {
  let rhythm: Rhythm | undefined;
  return arrivals.filter((at) => {
    const usual = usualSilence(rhythm);
    const isAlarm = usual !== undefined && rhythm !== undefined && at - rhythm.lastAt > usual.alarmingMs;
    rhythm = withArrival(rhythm, at);
    return isAlarm;
  });
}

/** A sequence of numbers between 0 and 1, the same in each run (a linear congruential generator). */
function chance(): () => number {
  let state = 42;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}

describe("the rhythm of deliveries", () => {
  it("does not speak before it has seen a whole week and ten intervals", () => {
    expect(usualSilence(undefined)).toBeUndefined();
    expect(usualSilence(learn(every(20 * MINUTE, { days: 6 })))).toBeUndefined();
    expect(usualSilence(learn(every(DAY, { days: 9 })))).toBeUndefined();
    expect(usualSilence(learn(every(20 * MINUTE, { days: 8 })))).toBeDefined();
    expect(usualSilence(learn(every(DAY, { days: 14 })))).toBeDefined();
  });

  it("knows the usual interval of one that comes round the clock, and is alarmed soon", () => {
    const usual = usualSilence(learn(every(20 * MINUTE)));
    expect(usual?.usualMs).toBeCloseTo(20 * MINUTE, -2);
    expect(usual?.alarmingMs).toBeLessThan(9 * HOUR);
  });

  it("is not fooled by bursts: a thousand deliveries at once are one", () => {
    const bursts = every(2 * HOUR).flatMap((at) => Array.from({ length: 1000 }, (_, index) => at + index));
    const [once, often] = [usualSilence(learn(every(2 * HOUR))), usualSilence(learn(bursts))];
    expect(often).toEqual(once);
    expect(often?.usualMs).toBeCloseTo(2 * HOUR, -3);
  });

  it("learns of deliveries by the second as well, minute by minute", () => {
    const usual = usualSilence(learn(every(1000, { days: 8 })));
    expect(usual).toMatchObject({ usualMs: MINUTE, longestMs: MINUTE, alarmingMs: HOUR });
  });

  it("takes nights and weekends as usual, and still says what is usual by day", () => {
    expect(alarms(officeHours(12))).toEqual([]);
    const usual = usualSilence(learn(officeHours(12)));
    expect(usual?.usualMs).toBeCloseTo(10 * MINUTE, -3);
    expect(usual?.longestMs).toBeGreaterThan(60 * HOUR);
    expect(usual?.alarmingMs).toBeLessThan(5 * DAY);
  });

  it("is hardly ever alarmed by chance: less than once in a hundred days of deliveries at random", () => {
    const random = chance();
    let at = monday;
    const arrivals = Array.from({ length: 300 * 72 }, () => (at -= Math.log(1 - random()) * 20 * MINUTE));
    expect(alarms(arrivals).length).toBeLessThanOrEqual(3);
  });

  it("is not taught by an outage that outages are usual", () => {
    const before = every(20 * MINUTE, { days: 28 });
    const after = every(20 * MINUTE, { from: monday + 31 * DAY, days: 1 });
    expect(alarms([...before, ...after])).toEqual([monday + 31 * DAY]);
    expect(usualSilence(learn([...before, ...after]))?.alarmingMs).toBeLessThan(3 * HOUR);
  });

  it("follows a webhook that changes its ways within some weeks", () => {
    const seldom = every(6 * HOUR, { from: monday + 14 * DAY, days: 60 });
    const arrivals = [...every(20 * MINUTE), ...seldom];
    expect(usualSilence(learn(arrivals))?.longestMs).toBeCloseTo(6 * HOUR, -4);
    expect(alarms(arrivals).length).toBeLessThan(10);
  });

  it("forgets what is long ago: after a year without a delivery it has to learn anew", () => {
    const again = every(20 * MINUTE, { from: monday + 380 * DAY, days: 6 });
    expect(usualSilence(learn([...every(20 * MINUTE), ...again]))).toBeUndefined();
  });

  it("is not disturbed by an arrival that is told late", () => {
    const rhythm = learn(every(20 * MINUTE));
    expect(withArrival(rhythm, monday)).toBe(rhythm);
  });

  it("stays small, however many arrivals it has seen", () => {
    const random = chance();
    let at = monday;
    const rhythm = learn(Array.from({ length: 20_000 }, () => (at += random() ** 4 * 20 * HOUR)));
    expect(JSON.stringify(rhythm).length).toBeLessThan(1500);
  });
});
