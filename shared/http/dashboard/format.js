/** How values are written: by the reader's locale and time zone. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const numbers = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const clockMinutes = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/**
 * 12,345.
 * @param {number} value
 */
export function count(value) {
  return numbers.format(value);
}

/**
 * 12.3K, where space is scarce.
 * @param {number} value
 */
export function shortCount(value) {
  return value < 10_000 ? numbers.format(value) : compact.format(value);
}

/**
 * One webhook, 2 webhooks.
 * @param {number} value
 * @param {string} one
 * @param {string} [many]
 */
export function counted(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/**
 * 12:03:05, with the day where it is another one.
 * @param {string | number} at
 * @param {number} now
 */
export function moment(at, now) {
  const time = new Date(at);
  const isToday = time.toDateString() === new Date(now).toDateString();
  return isToday ? clock.format(time) : `${day.format(time)}, ${clock.format(time)}`;
}

/**
 * 12:03, with seconds where a scale is that fine.
 * @param {number} at
 * @param {boolean} [isFine]
 */
export function tick(at, isFine = false) {
  return (isFine ? clock : clockMinutes).format(at);
}

/**
 * With the day, the zone, and all.
 * @param {string | number} at
 */
export function fullTime(at) {
  return full.format(new Date(at));
}

/**
 * 850 ms, 1.2 s, 3 min, 5 h, 2 d.
 * @param {number} ms
 */
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < HOUR) return `${Math.round(ms / MINUTE)} min`;
  return ms < 2 * DAY ? `${Math.round(ms / HOUR)} h` : `${Math.round(ms / DAY)} d`;
}

/**
 * `rate_limited` and `syncFailed` as words.
 * @param {string} code
 */
export function words(code) {
  return code
    .replaceAll("_", " ")
    .replace(/([a-z])([A-Z])/g, (_, before, after) => `${String(before)} ${String(after).toLowerCase()}`);
}

/**
 * As a person reads a value of a record.
 * @param {unknown} value
 * @returns {string}
 */
export function valueText(value) {
  if (value === undefined || value === null) return "(empty)";
  return typeof value === "string" ? value : JSON.stringify(value, undefined, 2);
}
