import { isQuiet, isTimeZone } from "../../shared/core/quiet-hours";

const night = { timeZone: "Europe/Zurich", from: "22:00", to: "07:00" };

/** How many minutes of the 24 hours from this moment on are quiet. */
function quietMinutes(from: string): number {
  const start = Date.parse(from);
  return Array.from({ length: 24 * 60 }, (_, minute) => start + minute * 60_000).filter((at) => isQuiet(night, at))
    .length;
}

describe("quiet hours", () => {
  it.each([
    ["2026-11-24T20:59:59Z", false],
    ["2026-11-24T21:00:00Z", true],
    ["2026-11-24T23:30:00Z", true],
    ["2026-11-25T05:59:59Z", true],
    ["2026-11-25T06:00:00Z", false],
    ["2026-07-01T19:59:59Z", false],
    ["2026-07-01T20:00:00Z", true],
    ["2026-07-02T05:00:00Z", false],
  ])("over midnight go by the clock on the wall, in winter and in summer: %s", (at, expected) => {
    expect(isQuiet(night, Date.parse(at))).toBe(expected);
  });

  it.each([
    ["an ordinary night", "2026-11-24T12:00:00Z", 9 * 60],
    ["the night in which clocks go forward", "2026-03-28T12:00:00Z", 8 * 60],
    ["the night in which clocks go back", "2026-10-24T12:00:00Z", 10 * 60],
  ])("last as long as %s does", (_, from, minutes) => {
    expect(quietMinutes(from)).toBe(minutes);
  });

  it("within a day begin and end on that day", () => {
    const lunch = { timeZone: "America/New_York", from: "12:00", to: "13:30" };
    const at = (time: string): boolean => isQuiet(lunch, Date.parse(`2026-11-24T${time}:00Z`));
    expect(["16:59", "17:00", "18:29", "18:30"].map(at)).toEqual([false, true, true, false]);
  });

  it("from a time to the same time are the whole day", () => {
    const always = { timeZone: "UTC", from: "08:00", to: "08:00" };
    expect([0, 8, 16].map((hour) => isQuiet(always, Date.UTC(2026, 10, 24, hour)))).toEqual([true, true, true]);
  });

  it("need a time zone that there is", () => {
    expect(["Europe/Zurich", "UTC", "Mars/Olympus", ""].map(isTimeZone)).toEqual([true, true, false, false]);
  });
});
